// One chat server: who you are there, your rooms, and the room you look at.

import { showLetters, showServers } from "./administration.js";
import { showComposer } from "./composer.js";
import { showFederation } from "./federation.js";
import { invitationOf, isIn } from "./membership.js";
import { showNewcomers } from "./newcomers.js";
import { attempt } from "./notices.js";
import { showPanel } from "./panel.js";
import { changePresence, changeProfile, face, newUser } from "./person.js";
import { showRooms } from "./rooms.js";
import * as server from "./server.js";
import { showTimeline } from "./timeline.js";
import { h } from "./view.js";
import { sideOf } from "./words.js";

export function showSide(page, side) {
  const about = page.store.get("side", side);
  const choice = page.choices.of(side);
  const room = choice.room ? page.store.get("room", side, choice.room) : null;
  const member = room && isIn(room, choice.user);
  return h(
    "section",
    {
      key: side,
      id: `side-${side}`,
      class: "side",
      "data-side": side,
      "data-broker": about.broker,
      "aria-labelledby": `title-${side}`,
    },
    head(page, side, about, choice),
    h(
      "div",
      { class: "body" },
      h("div", { class: "aside" }, showRooms(page, side), member && showPanel(page, side, room)),
      h(
        "div",
        { class: "talk" },
        member
          ? [showTimeline(page, side, room), showComposer(page, side, room)]
          : h(
              "p",
              { class: "empty", role: "status" },
              room ? why(page, room, choice.user) : "No room is open. Make one, or play the tour.",
            ),
      ),
    ),
  );
}

function head(page, side, about, choice) {
  const chosen = (event) => {
    page.choices.choose(side, { user: event.target.value });
    page.refresh();
  };
  return h(
    "div",
    { class: "side-head" },
    h("h2", { id: `title-${side}` }, `Server ${side} `, h("span", { class: "name" }, about.server_name)),
    broker(side, about),
    about.federation && showFederation(side, about.federation),
    about.features.includes("query.servers") &&
      h("button", { type: "button", id: `servers-${side}`, onclick: () => showServers(page, side) }, sideOf(side), "Servers"),
    about.features.includes("query.dead_letters") &&
      h(
        "button",
        { type: "button", id: `letters-${side}`, onclick: () => showLetters(page, side) },
        sideOf(side),
        "Dead letters",
      ),
    about.features.includes("answer.user") &&
      h(
        "button",
        { type: "button", id: `newcomers-${side}`, onclick: () => showNewcomers(page, side) },
        sideOf(side),
        "Newcomers",
      ),
    h(
      "label",
      { class: "you" },
      "You are ",
      h(
        "select",
        { id: `user-${side}`, value: choice.user, onchange: chosen },
        about.users.map((each) =>
          h(
            "option",
            { key: each.id, value: each.id, "data-v": each.id },
            page.words.name(each.id) + (each.deactivated ? " (deactivated)" : ""),
          ),
        ),
      ),
    ),
    face(page, side, choice.user),
    h("button", { type: "button", id: `profile-${side}`, onclick: () => changeProfile(page, side) }, "Profile"),
    h("button", { type: "button", id: `signup-${side}`, onclick: () => newUser(page, side) }, sideOf(side), "New user"),
    about.features.includes("presence") &&
      h("button", { type: "button", id: `presence-${side}`, onclick: () => changePresence(page, side) }, "Presence"),
  );
}

function broker(side, about) {
  const words = { up: "broker up", down: "broker down", starting: "broker starting", stopping: "broker stopping" };
  const light = h("span", { class: "light", "aria-hidden": "true" });
  if (!about.switch) return h("p", { class: "broker", id: `broker-${side}` }, light, words[about.broker]);
  const busy = about.broker === "starting" || about.broker === "stopping";
  return h(
    "button",
    {
      type: "button",
      class: "broker",
      id: `broker-${side}`,
      role: "switch",
      "aria-checked": String(about.broker === "up"),
      "aria-disabled": String(busy),
      title: "Takes the broker down and up again",
      onclick: () => busy || attempt(() => server.switchBroker(about.broker !== "up")),
    },
    light,
    sideOf(side),
    words[about.broker],
  );
}

/// Why somebody sees nothing of a room.
function why(page, room, user) {
  const name = page.words.name(user);
  if (invitationOf(room, user))
    return `${name} is invited to ${page.words.roomName(room, user)} and sees it after accepting.`;
  const gone = room.gone[user];
  if (gone) {
    const by = page.words.name(gone.by);
    const how = {
      left: `${name} left this room`,
      kicked: `${by} removed ${name} from this room`,
      removed: `${by} removed this room`,
      banned: `${by} banned ${name} from this room`,
    }[gone.cause];
    return `${how ?? `${name} is not in this room any more`}${gone.reason ? `: ${gone.reason}` : "."}`;
  }
  return `${name} is not in this room.`;
}
