// Where a user writes: a new message, an answer, an edit, or a file.

import { ask } from "./dialog.js";
import { plain } from "./formatted.js";
import { attempt } from "./notices.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { EVERYBODY } from "./words.js";

const TYPING_AGAIN_MS = 20_000; // other servers believe it for a minute
const TYPING_OVER_MS = 6_000;
const typing = new Map(); // side -> {room, user, since, timer}

export function showComposer(page, side, room) {
  const choice = page.choices.of(side);
  const { user } = choice;
  const editing = choice.editing && page.store.entry(side, room.id, choice.editing);
  const replyTo = choice.replyTo && page.store.entry(side, room.id, choice.replyTo);
  const thread = choice.thread && page.store.entry(side, room.id, choice.thread);
  const about = editing
    ? "Edit your message"
    : [
        thread && `In the thread of ${page.words.name(thread.sender)}: ${thread.text}`,
        replyTo && `Answer ${page.words.name(replyTo.sender)}: ${replyTo.text}`,
        choice.mentions.length > 0 && `Mention ${choice.mentions.map((each) => page.words.name(each)).join(", ")}`,
      ]
        .filter(Boolean)
        .join(" · ");
  const cancel = () => {
    page.choices.choose(side, { editing: null, replyTo: null, thread: null, mentions: [] });
    page.refresh();
  };
  const submit = (event) => {
    event?.preventDefault();
    send(page, side, room, document.getElementById(`text-${side}`));
  };
  // Enter sends, Shift and Enter begin a new line; not while an input method composes a character.
  const pressed = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
    if (event.key === "Escape") cancel();
  };
  return h(
    "form",
    { key: `composer-${room.id}-${user}`, class: "composer", onsubmit: submit },
    about &&
      h(
        "p",
        { class: "about" },
        about,
        h("button", { type: "button", class: "quiet", "aria-label": "A message by itself", onclick: cancel }, "×"),
      ),
    h(
      "div",
      { class: "row" },
      h("label", { class: "hidden", for: `text-${side}` }, `Message of ${page.words.name(user)}`),
      h("textarea", {
        key: `text-${choice.editing}-${choice.replyTo}`,
        id: `text-${side}`,
        rows: "2",
        placeholder: `${page.words.name(user)} writes`,
        initial: editing ? editing.text : "",
        onkeydown: pressed,
        oninput: () => types(side, room.id, user),
      }),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "submit", class: "primary", id: `send-${side}` }, editing ? "Save" : "Send"),
        !editing && kindOf(page, side),
        !editing &&
          h(
            "button",
            { type: "button", id: `mention-${side}`, onclick: () => chooseMentions(page, side, room) },
            "Mention",
          ),
        !editing &&
          h(
            "button",
            { type: "button", id: `place-${side}`, onclick: () => sendPlace(page, side, room) },
            "Place",
          ),
        h(
          "label",
          { class: "button" },
          "File",
          h("input", {
            type: "file",
            class: "hidden",
            id: `file-${side}`,
            "aria-label": `File of ${page.words.name(user)}`,
            onchange: (event) => sendFile(side, room, user, event.target),
          }),
        ),
      ),
    ),
  );
}

const KINDS = { text: "Text", emote: "Emote", notice: "Notice", html: "HTML" };

/// What the next message is.
function kindOf(page, side) {
  const chosen = (event) => {
    page.choices.choose(side, { kind: event.target.value });
    page.refresh();
  };
  return [
    h("label", { key: `kind-label-${side}`, class: "hidden", for: `kind-${side}` }, "What the message is"),
    h(
      "select",
      { key: `kind-${side}`, id: `kind-${side}`, value: page.choices.of(side).kind, onchange: chosen },
      Object.entries(KINDS).map(([value, label]) => h("option", { key: value, value, "data-v": value }, label)),
    ),
  ];
}

function send(page, side, room, field) {
  const choice = page.choices.of(side);
  const text = field.value.trim();
  if (!text) return;
  const emote = text.startsWith("/me ");
  const { user, editing, replyTo, thread, mentions } = choice;
  const kind = emote ? "emote" : choice.kind;
  field.value = "";
  page.choices.choose(side, { editing: null, replyTo: null, mentions: [], kind: "text" }); // one stays in a thread
  over(side);
  page.refresh();
  attempt(() =>
    editing
      ? server.command(side, "message.edit", { room: room.id, sender: user, message: editing, text })
      : server.command(side, "message.send", {
          room: room.id,
          sender: user,
          ...(kind === "html" ? { text: plain(text) || text, html: text } : { text: emote ? text.slice(4) : text }),
          ...(kind === "text" || kind === "html" ? {} : { kind }),
          ...(replyTo ? { reply_to: replyTo } : {}),
          ...(thread ? { thread } : {}),
          ...(mentions.length > 0 ? { mentions } : {}),
        }),
  );
}

function sendPlace(page, side, room) {
  const { user } = page.choices.of(side);
  ask(
    {
      title: `Where is ${page.words.name(user)}?`,
      submit: "Send",
      fields: [
        { name: "text", label: "The place in words", required: true },
        { name: "where", label: "Where it is", hint: "Latitude and longitude, e.g. 54.32,10.14", required: true },
      ],
    },
    ({ text, where }) =>
      server.command(side, "message.send", { room: room.id, sender: user, text, geo_uri: `geo:${where}` }),
  );
}

function chooseMentions(page, side, room) {
  const { user, mentions } = page.choices.of(side);
  const others = room.members.filter((each) => each.membership === "join" && each.user !== user);
  ask(
    {
      title: "Whom the next message calls",
      submit: "Mention",
      fields: [
        {
          name: "mentions",
          label: "Members",
          type: "checkboxes",
          value: mentions,
          options: [
            ...others.map((each) => ({ value: each.user, label: page.words.name(each.user) })),
            { value: EVERYBODY, label: "Everybody" },
          ],
        },
      ],
    },
    async ({ mentions: chosen }) => {
      page.choices.choose(side, { mentions: chosen });
      page.refresh();
    },
  );
}

function sendFile(side, room, user, input) {
  const [file] = input.files;
  input.value = "";
  if (file) attempt(() => server.sendFile(side, room.id, user, file));
}

/// Tells that the user types, now and then, and that they have stopped.
function types(side, room, user) {
  const before = typing.get(side);
  if (before && (before.room !== room || before.user !== user)) over(side);
  const now = Date.now();
  const known = typing.get(side);
  clearTimeout(known?.timer);
  if (!known || now - known.since > TYPING_AGAIN_MS) tell(side, room, user, true);
  typing.set(side, {
    room,
    user,
    since: known && now - known.since <= TYPING_AGAIN_MS ? known.since : now,
    timer: setTimeout(() => over(side), TYPING_OVER_MS),
  });
}

function over(side) {
  const known = typing.get(side);
  if (!known) return;
  clearTimeout(known.timer);
  typing.delete(side);
  tell(side, known.room, known.user, false);
}

function tell(side, room, user, value) {
  // Without a broker it is lost, and that is no news.
  server.command(side, "typing", { room, user, typing: value }).catch(() => {});
}
