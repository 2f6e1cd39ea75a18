// What a member may do in a room, as its rules say: the broker is asked, nothing is done.

import { ask } from "./dialog.js";
import * as server from "./server.js";
import { h } from "./view.js";

/// Actions of query.can that are about nobody else; those about somebody stand in their dialog.
const ACTIONS = {
  send: "Write",
  react: "React",
  mention_room: "Mention everybody",
  invite: "Invite",
  delete_own: "Delete what they wrote",
  delete_others: "Delete messages of others",
  set_name: "Rename",
  set_topic: "Set the topic",
  set_avatar: "Set the picture",
  upgrade: "Upgrade",
};
const VERDICTS = {
  yes: "may",
  irreversible: "may, and nobody could take it back",
  no: "may not",
  not_member: "is not in the room",
};

export function showRights(page, side, room) {
  const { user } = page.choices.of(side);
  const name = page.words.name(user);
  let verdicts = [];
  const load = async () => {
    const asked = Object.keys(ACTIONS).map(async (action) => ({
      action,
      ...(await server.command(side, "query.can", { room: room.id, user, action })),
    }));
    // What an older broker does not know is left out.
    const told = await Promise.allSettled(asked);
    verdicts = told.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
    if (verdicts.length === 0) throw told[0].reason;
  };
  ask(
    {
      title: `What ${name} may do in ${page.words.roomName(room, user)}`,
      submit: "Close",
      load,
      content: () =>
        h(
          "ul",
          { key: "rights", class: "listed", tabindex: "0", "aria-label": `What ${name} may do` },
          verdicts.map((each) => row(each)),
        ),
    },
    async () => {},
  );
}

function row({ action, verdict, reason, needed, level }) {
  const may = verdict === "yes" || verdict === "irreversible";
  return h(
    "li",
    { key: action, "data-action": action },
    h("strong", {}, ACTIONS[action]),
    h("span", { class: `chip ${may ? "accepted" : "failed"}` }, VERDICTS[verdict] ?? verdict),
    h("p", { class: "detail" }, may ? `power ${power(level)}, ${power(needed)} is needed` : reason),
  );
}

/// The greatest number there is stands for whoever made a room of version 12.
const power = (level) => (level >= Number.MAX_SAFE_INTEGER ? "without bound" : String(level));
