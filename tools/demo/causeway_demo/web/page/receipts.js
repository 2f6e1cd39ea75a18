// Who has read what: the room a user looks at is told as read, or kept to themselves, and a list of those who have
// read a message.

import { ask } from "./dialog.js";
import { isIn } from "./membership.js";
import { attempt } from "./notices.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { time } from "./words.js";

const told = new Map(); // side, room, user and thread -> event id that was told last
const refused = new Map(); // likewise -> the event id that was refused, and how often
const AGAIN_MS = 2000;
const TRIES_MAX = 5;

/// Tells that the user of a side has read the room they look at, where the broker knows receipts.
export function markRead(page, side) {
  const { user, room: id, isPrivate, thread: chosen } = page.choices.of(side);
  const room = id && page.store.get("room", side, id);
  if (document.hidden || !room || !isIn(room, user) || page.store.get("side", side).broker !== "up") return;
  if (!page.store.get("side", side).features.includes("read")) return;
  const tell = (last, thread) => {
    const key = [side, id, user, thread].join("\n");
    const known = thread ? room.thread_readers?.[thread]?.[user] : room.readers[user];
    if (!last || told.get(key) === last.event_id || known?.event_id === last.event_id) return;
    told.set(key, last.event_id);
    const more = thread ? { thread } : {};
    // What is refused is not worth a word: it is tried again a few times, and with the next message.
    server
      .command(side, "read", { room: id, user, message: last.event_id, private: isPrivate, ...more })
      .catch(() => tryAgain(page, key, last.event_id));
  };
  const others = page.store
    .entries(side, id)
    .filter((each) => each.kind === "message" && each.sender !== user && each.event_id);
  tell(others.at(-1), "");
  // Whoever writes in a thread reads it.
  const root = chosen && page.store.entry(side, id, chosen)?.event_id;
  if (root) tell(others.findLast((each) => each.thread === root), root);
}

function tryAgain(page, key, event) {
  const tried = refused.get(key)?.event === event ? refused.get(key).times : 0;
  refused.set(key, { event, times: tried + 1 });
  if (tried + 1 >= TRIES_MAX) return;
  setTimeout(() => {
    if (told.get(key) === event) told.delete(key);
    page.refresh();
  }, AGAIN_MS);
}

/// Whether what the user of a side reads from now on is told to nobody. What they have read stays as it was told.
export function privacy(page, side) {
  if (!page.store.get("side", side).features.includes("read")) return null;
  const { isPrivate } = page.choices.of(side);
  return h(
    "button",
    {
      type: "button",
      id: `private-${side}`,
      class: "privacy",
      "aria-pressed": String(isPrivate),
      onclick: () => {
        page.choices.choose(side, { isPrivate: !isPrivate });
        page.refresh();
      },
    },
    "Read in private",
  );
}

/// The list of those who have read a message, as the broker answers it.
export async function showReaders(page, side, room, entry) {
  const answer = await attempt(() =>
    server.command(side, "query.receipts", { room: room.id, message: entry.event_id }),
  );
  if (!answer) return;
  const list = answer.readers.map((each) => `${page.words.name(each.user)} at ${time(each.ts)}`).join(", ");
  ask({ title: "Read by", note: list || "Nobody has read it yet.", submit: "Close" }, async () => {});
}
