// Forms about rooms: make one, join one, invite somebody.

import { look } from "./choices.js";
import { ask, filled } from "./dialog.js";
import { existence } from "./existence.js";
import { isIn } from "./membership.js";
import * as server from "./server.js";
import { h } from "./view.js";

const TYPES = [
  { value: "channel", label: "Channel" },
  { value: "group_dm", label: "Group conversation" },
  { value: "dm", label: "Direct message" },
];
const VISIBILITIES = [
  { value: "private", label: "Private: by invitation" },
  { value: "public", label: "Public: anybody may join" },
  { value: "knock", label: "Anybody may ask to be let in" },
];

const words = (text) => text.split(/\s+/).filter(Boolean);

export function newRoom(page, side) {
  const { user } = page.choices.of(side);
  const others = page.words.people().filter((each) => each.id !== user);
  const channels = page.store.rooms(side).filter((each) => each.type === "channel" && isIn(each, user));
  ask(
    {
      title: `A new room of ${page.words.name(user)}`,
      submit: "Make the room",
      fields: [
        { name: "type", label: "Kind", type: "select", options: TYPES, value: "channel" },
        { name: "name", label: "Name (of a channel)" },
        { name: "topic", label: "Topic (of a channel)" },
        {
          name: "visibility",
          label: "Who may join a channel",
          type: "select",
          options: VISIBILITIES,
          value: "private",
        },
        {
          name: "alias",
          label: "Alias (of a channel)",
          hint: "Others find a public channel by it: lobby becomes #lobby:server.",
        },
        {
          name: "members",
          label: "Members",
          type: "checkboxes",
          options: others.map((each) => ({
            value: each.id,
            label: `${each.name} (server ${page.words.serverOf(each.id)})`,
          })),
        },
        { name: "others", label: "Further Matrix ids", hint: "Separated by blanks, e.g. @eve:example.org" },
        channels.length > 0 && {
          name: "members_of",
          label: "Members of these channels may join (a channel that is not public)",
          type: "checkboxes",
          options: channels.map((each) => ({ value: each.id, label: page.words.roomName(each, user) })),
        },
        { name: "federated", label: "Users of other servers may be members", type: "checkbox", value: true },
      ].filter(Boolean),
      below: existence(page, side, ({ members, others: further }) => [...members, ...words(further)]),
    },
    async ({ type, others: further, members, visibility, federated, ...named }) => {
      const all = [...members, ...words(further)];
      const channel = type === "channel" ? { ...named, visibility } : {};
      const answer = await server.command(side, "room.create", {
        ...filled({ ...channel, members: all }),
        type,
        creator: user,
        federated,
      });
      look(page, side, answer.matrix_room_id);
    },
  );
}

const DIRECTORY_MS = 3000; // another server's may not answer at all

/// Public rooms of both servers, or of another one: options of a select. With `search` those that have it in their name,
/// topic or alias.
async function publicRooms(page, side, search = "", other = "") {
  if (!page.store.get("side", side).features.includes("query.public_rooms")) return [];
  const all = page.store.sides().map((each) => [each, each === side ? "" : page.store.get("side", each).server_name]);
  const asked = (other ? [[other, other]] : all).map(([each, name]) =>
    server
      .command(side, "query.public_rooms", filled({ server: name, search }))
      .then(({ rooms }) => ({ rooms, each })),
  );
  const late = new Promise((_, reject) => setTimeout(reject, DIRECTORY_MS));
  const found = await Promise.allSettled(asked.map((each) => Promise.race([each, late])));
  return found
    .filter(({ status }) => status === "fulfilled")
    .flatMap(({ value: { rooms, each } }) =>
      rooms.map((room) => ({
        value: room.alias || room.matrix_room_id,
        label: `${room.name || room.alias || room.matrix_room_id} (server ${each}, ${room.members} in it)`,
      })),
    );
}

export async function joinRoom(page, side) {
  const { user } = page.choices.of(side);
  const listed = { name: "listed", label: "Public rooms", type: "select", options: [] };
  const list = (rooms) => {
    listed.options = [{ value: "", label: rooms.length ? "None of these" : "There are none" }, ...rooms];
  };
  list(await publicRooms(page, side));
  const search = (act, values) =>
    h(
      "div",
      { key: "search", class: "row" },
      h(
        "button",
        {
          type: "button",
          class: "search",
          onclick: () =>
            act(async () => {
              const { search, server: other } = values();
              list(await publicRooms(page, side, search, other));
            }),
        },
        "Search the directories",
      ),
    );
  ask(
    {
      title: `${page.words.name(user)} joins a room`,
      submit: "Join",
      fields: [
        { name: "search", label: "What to search for (empty: everything)" },
        { name: "server", label: "In the directory of (empty: both servers here)", hint: "e.g. example.org" },
        { draw: search },
        listed,
        { name: "room", label: "Or the alias or id of another", hint: "e.g. #lobby:localhost:8448" },
        {
          name: "via",
          label: "Servers to go through (optional)",
          hint: "Needed with an id, which names no server; separated by blanks.",
        },
        { name: "knock", label: "Only ask to be let in", type: "checkbox" },
        { name: "reason", label: "What to say when asking (optional)" },
      ],
    },
    async ({ listed, room, via, knock, reason }) => {
      const answer = await server.command(side, knock ? "room.knock" : "room.join", {
        room: room || listed,
        user,
        ...(via ? { via: words(via) } : {}),
        ...(knock && reason ? { reason } : {}),
      });
      look(page, side, answer.matrix_room_id);
    },
  );
}

export function invite(page, side, room) {
  const { user } = page.choices.of(side);
  const inside = new Set(
    room.members.filter((each) => ["join", "invite"].includes(each.membership)).map((each) => each.user),
  );
  const others = page.words.people().filter((each) => !inside.has(each.id));
  ask(
    {
      title: `Invite somebody to ${page.words.roomName(room, user)}`,
      submit: "Invite",
      fields: [
        {
          name: "user",
          label: "Who",
          type: "select",
          options: [
            ...others.map((each) => ({
              value: each.id,
              label: `${each.name} (server ${page.words.serverOf(each.id)})`,
            })),
            { value: "", label: "Somebody else" },
          ],
        },
        { name: "other", label: "Somebody else's Matrix id", hint: "e.g. @eve:example.org" },
        { name: "reason", label: "Reason (optional)" },
      ],
      below: existence(page, side, ({ user: chosen, other }) => [other || chosen].filter(Boolean)),
    },
    ({ user: chosen, other, reason }) =>
      server.command(side, "invite.send", {
        room: room.id,
        by: user,
        user: other || chosen,
        ...(reason ? { reason } : {}),
      }),
  );
}
