// The contextual panel of a room: members with their roles, invitations with their states, banned users, and what one
// can do about them.

import { ask } from "./dialog.js";
import { manage } from "./member_dialog.js";
import { isIn } from "./membership.js";
import { attempt } from "./notices.js";
import { face, presence } from "./person.js";
import { ROOM_ACTIONS } from "./room_actions.js";
import { invite } from "./room_dialogs.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { STATES, time, timeWithSeconds } from "./words.js";

export function showPanel(page, side, room) {
  const { user } = page.choices.of(side);
  const { features } = page.store.get("side", side);
  const inside = isIn(room, user);
  return h(
    "section",
    { key: `panel-${room.id}`, class: "panel", "aria-label": `About the room at server ${side}` },
    h("h3", { id: `panel-${side}` }, `About ${page.words.roomName(room, user)}`),
    h(
      "p",
      { class: "facts" },
      room.room_version ? `Room version ${room.room_version}` : "",
      room.own && h("span", { class: "own" }, `; our id ${room.own}`),
      h("span", { class: "id" }, room.id),
    ),
    inside &&
      h(
        "div",
        { class: "row" },
        h(
          "button",
          { type: "button", class: "primary", id: `invite-${side}`, onclick: () => invite(page, side, room) },
          "Invite",
        ),
        ROOM_ACTIONS.filter((each) => !each.feature || features.includes(each.feature)).map((each) =>
          h("button", { key: each.label, type: "button", onclick: () => each.open(page, side, room) }, each.label),
        ),
      ),
    members(page, side, room, inside),
    banned(page, side, room, inside),
    invitations(page, side, room, inside),
  );
}

function members(page, side, room, inside) {
  const shown = room.members.filter((each) => each.membership === "join" || each.membership === "knock");
  return [
    h("h4", { key: "members" }, `Members (${shown.filter((each) => each.membership === "join").length})`),
    h(
      "ul",
      { key: "members-list", class: "members" },
      shown.map((each) => (each.membership === "knock" ? knock : member)(page, side, room, each.user, each, inside)),
    ),
  ];
}

function member(page, side, room, user, about, inside) {
  const { words } = page;
  const name = words.name(user);
  const chip = about.role && h("span", { class: `chip role ${about.role}` }, about.role);
  return h(
    "li",
    { key: user, "data-user": user },
    face(page, side, user),
    who(name, `server ${words.serverOf(user)}`, chip, presence(page, side, user)),
    inside &&
      user !== page.choices.of(side).user &&
      button("Manage", `Manage ${name}`, () => manage(page, side, room, about)),
  );
}

function knock(page, side, room, user, _, inside) {
  const { user: by } = page.choices.of(side);
  const name = page.words.name(user);
  const answer = (command) => () => attempt(() => server.command(side, command, { room: room.id, by, user }));
  return h(
    "li",
    { key: user, "data-user": user },
    who(name, "asks to be let in"),
    inside && button("Let in", `Let in ${name}`, answer("invite.send"), "primary"),
    inside && button("Turn away", `Turn away ${name}`, answer("knock.reject")),
  );
}

/// A name, and below it words about them and a chip.
function who(name, detail, chip, more) {
  return h("div", { class: "who" }, h("strong", {}, name), h("span", { class: "server" }, detail), " ", chip, more);
}

/// A button whose whole name is for those who do not see what it stands beside.
function button(label, name, onclick, kind = "") {
  return h("button", { type: "button", class: kind, "aria-label": name, onclick }, label);
}

function invitations(page, side, room, inside) {
  if (room.invitations.length === 0) return null;
  return [
    h("h4", { key: "invitations" }, `Invitations (${room.invitations.length})`),
    h(
      "ul",
      { key: "invitations-list", class: "invitations" },
      room.invitations.map((each) => invitation(page, side, room, each, inside)),
    ),
  ];
}

function invitation(page, side, room, about, inside) {
  const { words } = page;
  const { user: by } = page.choices.of(side);
  const name = words.name(about.user);
  const open = ["sending", "pending"].includes(about.state);
  const revoke = () =>
    ask(
      {
        title: `Take back the invitation of ${name}`,
        submit: "Take back",
        fields: [{ name: "reason", label: "Reason (optional)" }],
      },
      ({ reason }) =>
        server.command(side, "invite.revoke", { room: room.id, by, user: about.user, ...(reason ? { reason } : {}) }),
    );
  const retract = () => attempt(() => server.command(side, "knock.retract", { room: room.id, user: about.user }));
  return h(
    "li",
    { key: `${about.user} ${about.direction}`, "data-user": about.user, "data-state": about.state },
    who(
      name,
      about.direction === "knock" ? "knocks" : `by ${words.name(about.by)}`,
      h("span", { class: `chip ${about.state}` }, STATES[about.state] ?? about.state),
    ),
    inside &&
      open &&
      about.direction === "outgoing" &&
      button("Take back", `Take back the invitation of ${name}`, revoke),
    open && about.direction === "knock" && about.user === by && button("Take back", "Take back the knock", retract),
    about.reason && h("p", { class: "detail" }, `“${about.reason}”`),
    about.last_fault && h("p", { class: "detail fault" }, attempts(about)),
    about.trail.length > 1 && h("p", { class: "detail trail" }, trail(about)),
  );
}

/// The states it has been in, with their times.
function trail(about) {
  return about.trail.map((each, at) => [
    at > 0 && " → ",
    h("span", {}, `${STATES[each.state] ?? each.state} ${timeWithSeconds(each.ts)}`),
  ]);
}

/// Why an invitation is still on its way.
function attempts({ attempts: count, last_fault: fault, retry_at_ts: next }) {
  const made = count === 1 ? "1 attempt" : `${count} attempts`;
  return `${made}: ${fault}${next ? `; next at ${timeWithSeconds(next)}` : ""}`;
}

function banned(page, side, room, inside) {
  if (room.banned.length === 0) return null;
  const { user: by } = page.choices.of(side);
  const lift = (about) => attempt(() => server.command(side, "member.unban", { room: room.id, by, user: about.user }));
  return [
    h("h4", { key: "banned" }, `Banned (${room.banned.length})`),
    h(
      "ul",
      { key: "banned-list", class: "banned" },
      room.banned.map((each) => {
        const name = page.words.name(each.user);
        return h(
          "li",
          { key: each.user, "data-user": each.user },
          who(name, `by ${page.words.name(each.by)}, ${time(each.ts)}`),
          inside && button("Unban", `Unban ${name}`, () => lift(each)),
          each.reason && h("p", { class: "detail" }, `“${each.reason}”`),
        );
      }),
    ),
  ];
}
