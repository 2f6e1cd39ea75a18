// What changes a room or the place one has in it: the buttons of its panel.

import { bindRoom } from "./bind.js";
import { look } from "./choices.js";
import { ask, filled } from "./dialog.js";
import { showRights } from "./rights.js";
import * as server from "./server.js";

/// Buttons of a room: {feature, label, open}. Those whose feature the broker lacks are not shown.
export const ROOM_ACTIONS = [
  {
    feature: "room.set_name",
    label: "Rename",
    open: (page, side, room) => change(page, side, room, "room.set_name", "name", "Name", room.name),
  },
  {
    feature: "room.set_topic",
    label: "Topic",
    open: (page, side, room) => change(page, side, room, "room.set_topic", "topic", "Topic", room.topic),
  },
  { feature: "room.set_avatar", label: "Picture", open: changePicture },
  { feature: "room.upgrade", label: "Upgrade", open: upgrade },
  { feature: null, label: "Rights", open: showRights },
  { feature: "room.bind", label: "Own id", open: bindRoom },
  { feature: null, label: "Ban", open: ban },
  { feature: null, label: "Leave", open: leave },
  { feature: "room.remove", label: "Remove", open: remove },
];

function change(page, side, room, command, field, label, value) {
  const { user } = page.choices.of(side);
  ask(
    {
      title: `${label} of ${page.words.roomName(room, user)}`,
      submit: "Change",
      fields: [{ name: field, label, value }],
    },
    (values) => server.command(side, command, { room: room.id, by: user, [field]: values[field] }),
  );
}

function changePicture(page, side, room) {
  const { user } = page.choices.of(side);
  ask(
    {
      title: `Picture of ${page.words.roomName(room, user)}`,
      submit: "Change",
      fields: [{ name: "picture", label: "Picture (none: the room has none any more)", type: "picture" }],
    },
    async ({ picture }) =>
      server.command(side, "room.set_avatar", {
        room: room.id,
        by: user,
        avatar: picture ? await server.keepPicture(side, picture) : "",
      }),
  );
}

function upgrade(page, side, room) {
  const { user } = page.choices.of(side);
  ask(
    {
      title: `Upgrade ${page.words.roomName(room, user)}`,
      note: `It goes on as another room of a newer version; this one has version ${room.room_version}.`,
      submit: "Upgrade",
      fields: [{ name: "version", label: "Version (empty: that of new rooms)" }],
    },
    async (values) => {
      const answer = await server.command(side, "room.upgrade", { room: room.id, by: user, ...filled(values) });
      look(page, side, answer.matrix_room_id);
    },
  );
}

/// Of whoever it is; a member is banned in the dialog about them.
function ban(page, side, room) {
  const { user } = page.choices.of(side);
  ask(
    {
      title: `Ban somebody from ${page.words.roomName(room, user)}`,
      note: "They need not have been in it.",
      submit: "Ban",
      danger: true,
      fields: [
        { name: "user", label: "Their Matrix id", hint: "e.g. @troll:example.org", required: true },
        { name: "reason", label: "Reason (optional)" },
        { name: "redact_events", label: "Delete what they have written", type: "checkbox" },
      ],
    },
    ({ redact_events: redact, ...about }) =>
      server.command(side, "member.ban", { room: room.id, by: user, ...filled(about), redact_events: redact }),
  );
}

function leave(page, side, room) {
  const { user } = page.choices.of(side);
  ask(
    {
      title: `${page.words.name(user)} leaves ${page.words.roomName(room, user)}`,
      submit: "Leave",
      danger: true,
      fields: [{ name: "reason", label: "Reason (optional)" }],
    },
    (values) => server.command(side, "member.leave", { room: room.id, user, ...filled(values) }),
  );
}

function remove(page, side, room) {
  const { user } = page.choices.of(side);
  ask(
    {
      title: `Remove ${page.words.roomName(room, user)}`,
      note: "Everybody of this server leaves it, and its open invitations are taken back.",
      submit: "Remove",
      danger: true,
      fields: [{ name: "reason", label: "Reason (optional)" }],
    },
    (values) => server.command(side, "room.remove", { room: room.id, by: user, ...filled(values) }),
  );
}
