// What the room shows, in order, and who is typing.

import { showMessage } from "./message.js";
import { privacy } from "./receipts.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { time } from "./words.js";

const NEAR_PX = 80;

/// Remembers which timelines show their end; the function it returns scrolls those to their new end.
export function keepAtTheEnd() {
  const known = new Map(
    [...document.querySelectorAll(".timeline")].map((each) => [
      each.id,
      { room: each.dataset.room, end: isAtTheEnd(each) },
    ]),
  );
  return () => {
    for (const each of document.querySelectorAll(".timeline")) {
      const before = known.get(each.id);
      if (!before || before.room !== each.dataset.room || before.end) each.scrollTop = each.scrollHeight;
    }
  };
}

const isAtTheEnd = (element) => element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;

export function showTimeline(page, side, room) {
  const { user } = page.choices.of(side);
  const entries = page.store.entries(side, room.id);
  const readers = readersByEntry(page, side, room, entries);
  const answers = answersByRoot(entries);
  const typing = (page.store.get("typing", side, room.id) ?? []).filter((each) => each !== user);
  const name = page.words.roomName(room, user);
  return h(
    "section",
    { key: `timeline-${room.id}`, class: "timeline-box", "aria-label": `Conversation at server ${side}` },
    h(
      "div",
      { class: "room-head" },
      room.avatar && h("img", { class: "face", src: server.mediaUrl(side, room.avatar), alt: `Picture of ${name}` }),
      privacy(page, side),
      h("h3", { id: `room-${side}` }, name),
      room.topic && h("p", { class: "topic" }, room.topic),
    ),
    room.upgraded_to &&
      h(
        "p",
        { class: "upgraded" },
        "This room goes on as another one. ",
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              page.choices.choose(side, { room: room.upgraded_to });
              page.refresh();
            },
          },
          "Go there",
        ),
      ),
    h(
      "div",
      {
        id: `timeline-${side}`,
        class: "timeline",
        tabindex: "0",
        role: "log",
        "aria-label": `Messages of ${name} at server ${side}`,
        "data-room": room.id,
      },
      h(
        "ol",
        {},
        entries.map((each) =>
          each.kind === "system"
            ? system(page, each)
            : showMessage(page, side, room, each, {
                readers: readers.get(each.id) ?? [],
                answers: answers.get(each.event_id) ?? 0,
                threadReaders: readersOf(room, each.event_id),
              }),
        ),
      ),
    ),
    h(
      "p",
      { class: "typing", "aria-live": "polite" },
      typing.length
        ? `${typing.map((each) => page.words.name(each)).join(", ")} ${typing.length > 1 ? "are" : "is"} typing …`
        : "",
    ),
  );
}

function system(page, entry) {
  return h(
    "li",
    { key: entry.id, class: `system ${entry.what}` },
    h("span", {}, page.words.system(entry)),
    " · ",
    h("time", {}, time(entry.ts)),
  );
}

/// Event id -> how many messages are in its thread.
function answersByRoot(entries) {
  const found = new Map();
  for (const { thread } of entries) if (thread) found.set(thread, (found.get(thread) ?? 0) + 1);
  return found;
}

/// Who has read the thread of a message: [{user, ts}]. What somebody reads in private is theirs.
const readersOf = (room, root) =>
  Object.entries(room.thread_readers?.[root] ?? {})
    .filter(([, marker]) => !marker.private)
    .map(([user, { ts }]) => ({ user, ts }));

/// Entry id -> who has read up to it: [{user, ts, isPrivate}]. A marker at a message that is not shown any more is
/// left out.
function readersByEntry(page, side, room, entries) {
  const byEvent = new Map(entries.map((each) => [each.event_id, each]));
  const found = new Map();
  for (const [user, { event_id: event, ts, private: isPrivate = false }] of Object.entries(room.readers)) {
    const entry = byEvent.get(event);
    if (!entry || entry.kind !== "message") continue;
    found.set(entry.id, [...(found.get(entry.id) ?? []), { user, ts, isPrivate }]);
  }
  return found;
}
