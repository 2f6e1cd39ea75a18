// What a chat server calls rooms and messages itself: its own ids, which mean the same as those of Matrix from then on.

import { ask } from "./dialog.js";
import * as server from "./server.js";

export function bindRoom(page, side, room) {
  askForId(page.words.roomName(room, page.choices.of(side).user), room.own, (as) =>
    server.command(side, "room.bind", { room: room.id, as }),
  );
}

export function bindMessage(page, side, room, entry) {
  askForId(`the message of ${page.words.name(entry.sender)}`, entry.own_id, (as) =>
    server.command(side, "message.bind", { room: room.id, message: entry.event_id, as }),
  );
}

function askForId(what, value, carryOut) {
  ask(
    {
      title: `What this chat server calls ${what}`,
      note: "The broker tells it by that id from now on, and takes it in every command.",
      submit: "Call it so",
      fields: [{ name: "as", label: "Own id", value, required: true, hint: "Of a database, say; unlike a Matrix id." }],
    },
    ({ as }) => carryOut(as),
  );
}
