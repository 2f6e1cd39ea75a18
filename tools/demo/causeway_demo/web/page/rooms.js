// The list of rooms of the user one is: those they are in, and those they are invited to or knock at.

import { ask } from "./dialog.js";
import { joining } from "./joining.js";
import { invitationOf, isIn } from "./membership.js";
import { attempt } from "./notices.js";
import { joinRoom, newRoom } from "./room_dialogs.js";
import * as server from "./server.js";
import { h } from "./view.js";

const knockOf = (room, user) =>
  room.invitations.find(
    (each) => each.user === user && each.direction === "knock" && ["sending", "pending"].includes(each.state),
  );

export function showRooms(page, side) {
  const { user } = page.choices.of(side);
  const rooms = page.store.rooms(side);
  const mine = rooms.filter((each) => isIn(each, user) || knockOf(each, user));
  const invited = rooms.filter((each) => !isIn(each, user) && invitationOf(each, user));
  return h(
    "section",
    { class: "rooms", "aria-label": `Rooms at server ${side}` },
    h(
      "div",
      { class: "row" },
      h("h3", { id: `rooms-${side}` }, "Rooms"),
      h("button", { type: "button", id: `new-room-${side}`, onclick: () => newRoom(page, side) }, "New room"),
      h("button", { type: "button", id: `join-room-${side}`, onclick: () => joinRoom(page, side) }, "Join"),
    ),
    joining(page, side),
    mine.length + invited.length === 0 && h("p", { class: "empty" }, `${page.words.name(user)} is in no room.`),
    h(
      "ul",
      {},
      invited.map((each) => invitation(page, side, each, user)),
      mine.map((each) => entry(page, side, each, user)),
    ),
  );
}

const KINDS = { dm: "direct message", group_dm: "group", channel: "channel" };

function entry(page, side, room, user) {
  const choice = page.choices.of(side);
  const chosen = choice.room === room.id;
  const look = () => {
    page.choices.choose(side, { room: room.id });
    page.refresh();
  };
  return h(
    "li",
    { key: room.id },
    h(
      "button",
      { type: "button", class: "room", "aria-current": chosen ? "true" : null, onclick: look },
      h("span", { class: "title" }, page.words.roomName(room, user)),
      h(
        "span",
        { class: "kind" },
        knockOf(room, user) ? "asking to be let in" : room.upgraded_to ? "goes on elsewhere" : (KINDS[room.type] ?? ""),
      ),
    ),
  );
}

function invitation(page, side, room, user) {
  const about = invitationOf(room, user);
  const name = page.words.roomName(room, user);
  const answer = (accept, reason) =>
    server.command(side, "invite.answer", { room: room.id, user, accept, ...(reason ? { reason } : {}) });
  const accept = async () => {
    if (await attempt(() => answer(true))) page.choices.choose(side, { room: room.id });
    page.refresh();
  };
  const reject = () =>
    ask(
      {
        title: `Reject the invitation to ${name}`,
        submit: "Reject",
        fields: [{ name: "reason", label: "Reason (optional)" }],
      },
      ({ reason }) => answer(false, reason),
    );
  return h(
    "li",
    { key: room.id, class: "invitation" },
    h(
      "p",
      {},
      h("strong", {}, name),
      about.by ? `${page.words.name(about.by)} invites ${page.words.name(user)}` : `${page.words.name(user)}`,
    ),
    h(
      "div",
      { class: "row" },
      h(
        "button",
        { type: "button", class: "primary accept", "aria-label": `Accept the invitation to ${name}`, onclick: accept },
        "Accept",
      ),
      h(
        "button",
        { type: "button", class: "reject", "aria-label": `Reject the invitation to ${name}`, onclick: reject },
        "Reject",
      ),
    ),
  );
}
