// One message: who says what, to what it answers, its file, reactions, how far it has come, who has read it, and what
// one can do with it.

import { bindMessage } from "./bind.js";
import { ask } from "./dialog.js";
import { formatted } from "./formatted.js";
import { isIn } from "./membership.js";
import { attempt } from "./notices.js";
import { face } from "./person.js";
import { showReaders } from "./receipts.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { EVERYBODY, bytes, time } from "./words.js";

const QUICK = ["👍", "❤️", "😂", "🎉"];
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// `readers`: who has read up to it; `answers`: how many messages are in its thread, `threadReaders`: who has read that.
export function showMessage(page, side, room, entry, { readers, answers, threadReaders }) {
  const choice = page.choices.of(side);
  const open = choice.menu === entry.id;
  const { words } = page;
  const usable = entry.event_id && !entry.deleted && isIn(room, choice.user);
  const toggle = () => {
    page.choices.choose(side, { menu: open ? null : entry.id });
    page.refresh();
  };
  return h(
    "li",
    {
      key: entry.id,
      id: `entry-${side}-${entry.id}`,
      class: `message ${entry.sender === choice.user ? "mine" : ""} ${calls(entry, choice.user) ? "calls" : ""}`,
      "data-state": entry.state ?? null,
    },
    h(
      "div",
      { class: "head" },
      face(page, side, entry.sender),
      h("strong", { class: "sender" }, words.name(entry.sender)),
      h("span", { class: "server" }, `server ${words.serverOf(entry.sender)}`),
      h("time", {}, time(entry.ts)),
      entry.edited && h("span", { class: "edited" }, "edited"),
      entry.historical && h("span", { class: "edited" }, "from before the join"),
      entry.own_id && h("span", { class: "own" }, `our id ${entry.own_id}`),
      usable &&
        h(
          "button",
          {
            type: "button",
            class: "quiet more",
            "aria-expanded": String(open),
            "aria-label": `What to do with ${words.name(entry.sender)}'s message`,
            onclick: toggle,
          },
          "⋯",
        ),
    ),
    entry.thread && answered(page, side, room, entry.thread, "In the thread of "),
    entry.reply_to && answered(page, side, room, entry.reply_to),
    content(page, side, entry),
    mentioned(page, entry),
    answers > 0 && h("p", { class: "in-thread" }, `${answers} in its thread`, inThread(page, side, threadReaders)),
    reactions(page, side, room, entry, usable),
    states(page, side, entry, readers),
    usable && open && actions(page, side, room, entry),
  );
}

const calls = (entry, user) =>
  entry.sender !== user && (entry.mentions ?? []).some((each) => each === user || each === EVERYBODY);

function mentioned(page, entry) {
  if (!entry.mentions?.length || entry.deleted) return null;
  return h("p", { class: "mentions" }, `mentions ${entry.mentions.map((each) => page.words.name(each)).join(", ")}`);
}

/// Who has read a thread, and when.
function inThread(page, side, readers) {
  const { user: me } = page.choices.of(side);
  return readers
    .filter((each) => each.user !== me)
    .map(({ user, ts }) =>
      h("span", { key: `thread-read-${user}`, class: "thread-read" }, ` · read by ${page.words.name(user)} ${time(ts)}`),
    );
}

/// To what it belongs: to a message it answers, or with a word about it to the first one of its thread.
function answered(page, side, room, message, word) {
  const to = page.store.entry(side, room.id, message);
  const text = to
    ? `${page.words.name(to.sender)}: ${to.deleted ? "deleted message" : to.text}`
    : "a message that is not here";
  return word
    ? h("p", { class: "answered thread" }, word, text)
    : h("p", { class: "answered" }, h("span", { class: "hidden" }, "Answer to "), text);
}

function content(page, side, entry) {
  if (entry.deleted) {
    const reason = entry.deleted.reason ? `: ${entry.deleted.reason}` : "";
    return h("p", { class: "text deleted" }, `Deleted by ${page.words.name(entry.deleted.by)}${reason}`);
  }
  if (entry.file) return file(page, side, entry.file);
  if (entry.msgtype === "m.room.encrypted")
    return h("p", { class: "text deleted" }, "This message is encrypted; nobody at this server has the key.");
  if (entry.msgtype === "m.emote")
    return h("p", { class: "text emote" }, `* ${page.words.name(entry.sender)} ${entry.text}`);
  const kind = `text ${entry.msgtype === "m.notice" ? "notice-text" : ""}`;
  if (entry.html) return h("div", { class: `${kind} html` }, formatted(entry.html));
  return h(
    "p",
    { class: kind },
    entry.text,
    entry.geo_uri && ` (${entry.geo_uri})`,
  );
}

function file(page, side, about) {
  // Of one that was late there is another address as soon as it is here: the browser asks again.
  const address = (mxc) => {
    const late = page.store.get("file", side, mxc);
    return server.mediaUrl(side, mxc) + (late ? `?since=${late.since}` : "");
  };
  const url = address(about.mxc);
  const small = about.thumbnail ? address(about.thumbnail) : url;
  const size = about.size_bytes ? `, ${bytes(about.size_bytes)}` : "";
  return h(
    "figure",
    { key: small, class: "file" },
    (about.thumbnail || PICTURES.includes(about.content_type)) && [
      h("img", {
        src: small,
        class: about.thumbnail ? "thumbnail" : null,
        alt: about.file_name,
        loading: "lazy",
        onerror: isLate,
      }),
      h("p", { class: "placeholder" }, "This picture is not here yet. It is shown as soon as it is."),
    ],
    h("figcaption", {}, h("a", { href: url, download: about.file_name }, about.file_name), size),
  );
}

const isLate = (event) => event.target.closest(".file").classList.add("late");

function reactions(page, side, room, entry, usable) {
  const { user } = page.choices.of(side);
  const given = Object.entries(entry.reactions ?? {});
  if (given.length === 0) return null;
  return h(
    "ul",
    { class: "reactions", "aria-label": "Reactions" },
    given.map(([key, users]) => {
      const own = users.some((each) => each.user === user);
      const who = users.map((each) => page.words.name(each.user)).join(", ");
      return h(
        "li",
        { key },
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(own),
            title: who,
            "aria-label": `${key}: ${who}`,
            disabled: !usable,
            onclick: () => react(side, room, entry, user, key, own),
          },
          `${key} ${users.length}`,
        ),
      );
    }),
  );
}

function react(side, room, entry, user, key, own) {
  return attempt(() =>
    server.command(side, own ? "reaction.remove" : "reaction.add", {
      room: room.id,
      user,
      message: entry.event_id,
      key,
    }),
  );
}

/// How far a message of this server has come, and who has read it.
function states(page, side, entry, readers) {
  const { user: me } = page.choices.of(side);
  const read = readers.filter((each) => each.user !== entry.sender && each.user !== me && !each.isPrivate);
  const mine = readers.some((each) => each.user === me && each.isPrivate);
  const shown = [
    ...(entry.own && !entry.deleted ? way(page, side, entry) : []),
    ...read.map(({ user, ts }) =>
      h("span", { key: `read-${user}`, class: "read" }, `read by ${page.words.name(user)} ${time(ts)}`),
    ),
    mine && h("span", { key: "read-private", class: "read-private" }, "read in private: nobody is told"),
  ].filter(Boolean);
  return shown.length > 0 && h("p", { class: "states" }, shown);
}

function way(page, side, entry) {
  if (entry.state === "sending") {
    const down = page.store.get("side", side).broker !== "up";
    return [h("span", { class: "sending" }, down ? "kept here until the broker is back" : "on its way to the broker")];
  }
  if (entry.state === "refused") return [h("span", { class: "refused" }, `refused: ${entry.fault.message}`)];
  const servers = Object.entries(entry.servers ?? {});
  if (servers.length === 0) return [h("span", { class: "accepted" }, `on broker ${side}'s disk`)];
  // Each of the servers it went to is told of once, as delivered or as refused.
  const done = servers.length === entry.reach && servers.every(([, { state }]) => state === "delivered");
  const all = done && h("span", { key: "all", class: "delivered all" }, "✓ every server has it");
  const each = servers.map(([name, { state, reason, ts }]) =>
    h(
      "span",
      { key: name, class: state },
      {
        delayed: `delayed for server ${page.words.server(name)} since ${time(ts)}`,
        delivered: `✓ delivered to server ${page.words.server(name)}`,
        failed: `refused by server ${page.words.server(name)}${reason ? `: ${reason}` : ""}`,
      }[state],
    ),
  );
  return all ? [...each, all] : each;
}

function actions(page, side, room, entry) {
  const choice = page.choices.of(side);
  const { user } = choice;
  const mine = entry.sender === user;
  const role = room.members.find((each) => each.user === user)?.role;
  const close = (changed = {}) => {
    page.choices.choose(side, { menu: null, ...changed });
    page.refresh();
  };
  const given = (key) => (entry.reactions?.[key] ?? []).some((each) => each.user === user);
  const remove = () =>
    ask(
      {
        title: "Delete this message",
        submit: "Delete",
        danger: true,
        fields: [{ name: "reason", label: "Reason (optional)" }],
      },
      ({ reason }) =>
        server.command(side, "message.delete", {
          room: room.id,
          by: user,
          message: entry.event_id,
          ...(reason ? { reason } : {}),
        }),
    );
  const other = () =>
    ask(
      {
        title: "React with",
        submit: "React",
        fields: [{ name: "key", label: "An emoji, or a short text", required: true }],
      },
      ({ key }) => server.command(side, "reaction.add", { room: room.id, user, message: entry.event_id, key }),
    );
  return h(
    "div",
    { class: "actions", role: "group", "aria-label": "Actions" },
    QUICK.map((key) =>
      h(
        "button",
        {
          key,
          type: "button",
          "aria-label": `React with ${key}`,
          onclick: () => {
            react(side, room, entry, user, key, given(key));
            close();
          },
        },
        key,
      ),
    ),
    h(
      "button",
      {
        type: "button",
        onclick: () => {
          close();
          other();
        },
      },
      "Other …",
    ),
    h("button", { type: "button", onclick: () => close({ replyTo: entry.event_id, editing: null }) }, "Reply"),
    h(
      "button",
      {
        type: "button",
        onclick: () => close({ thread: entry.thread || entry.event_id, replyTo: null, editing: null }),
      },
      "Thread",
    ),
    mine &&
      !entry.file &&
      h("button", { type: "button", onclick: () => close({ editing: entry.event_id, replyTo: null }) }, "Edit"),
    (mine || ["owner", "moderator"].includes(role)) &&
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            close();
            remove();
          },
        },
        "Delete",
      ),
    page.store.get("side", side).features.includes("query.receipts") &&
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            close();
            showReaders(page, side, room, entry);
          },
        },
        "Read by",
      ),
    !entry.own &&
      page.store.get("side", side).features.includes("message.bind") &&
      h(
        "button",
        {
          type: "button",
          onclick: () => {
            close();
            bindMessage(page, side, room, entry);
          },
        },
        "Own id",
      ),
  );
}
