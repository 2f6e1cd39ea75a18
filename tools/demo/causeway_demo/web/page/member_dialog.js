// What one member may do about another: the role, removal, a ban. The broker is asked beforehand what the room's
// rules allow.

import { showProfile } from "./account.js";
import { ask } from "./dialog.js";
import { attempt } from "./notices.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { ROLES } from "./words.js";

const REMOVE = "remove";
const BAN = "ban";

export async function manage(page, side, room, member) {
  const { user: by } = page.choices.of(side);
  const { words } = page;
  const can = (action, role) =>
    server.command(side, "query.can", {
      room: room.id,
      user: by,
      action,
      target: member.user,
      ...(role ? { role } : {}),
    });
  const verdicts = await attempt(() =>
    Promise.all([can("kick"), can("ban"), ...ROLES.map((role) => can("set_role", role))]),
  );
  if (!verdicts) return;
  const [kick, ban, ...roles] = verdicts;
  const name = words.name(member.user);
  const option = (value, label, verdict) => ({ value, label: label + suffix(verdict), disabled: !allows(verdict) });
  const options = [
    ...ROLES.map((role, at) =>
      role === member.role ? { value: role, label: `${role} (is)` } : option(role, role, roles[at]),
    ),
    option(REMOVE, "Remove from the room", kick),
    option(BAN, "Ban", ban),
  ];
  const refused = verdicts.find((each) => !allows(each));
  let shown = null;
  const look = async () => (shown = await server.command(side, "query.profile", { user: member.user }));
  const profile = (act) => [
    h(
      "div",
      { key: "profile", class: "row" },
      h("button", { type: "button", class: "profile", onclick: () => act(look) }, "What they show"),
    ),
    h("div", { key: "shown-profile", role: "status" }, shown && showProfile(shown)),
  ];
  ask(
    {
      title: `${name} in ${words.roomName(room, by)}`,
      note: refused?.reason
        ? `Not everything is allowed to ${words.name(by)}: ${refused.reason}`
        : `${words.name(by)} may do all of this.`,
      submit: "Do it",
      danger: true,
      below: page.store.get("side", side).features.includes("query.profile") ? profile : null,
      fields: [
        { name: "action", label: "Role, or what to do", type: "select", options, value: member.role },
        { name: "reason", label: "Reason of a removal or ban (optional)" },
        { name: "redact", label: "With a ban: delete what they have written", type: "checkbox" },
      ],
    },
    async ({ action, reason, redact }) => {
      const about = { room: room.id, by, user: member.user };
      const why = reason ? { reason } : {};
      if (action === REMOVE) await server.command(side, "member.kick", { ...about, ...why });
      else if (action === BAN) await server.command(side, "member.ban", { ...about, ...why, redact_events: redact });
      else if (action !== member.role) await server.command(side, "member.set_role", { ...about, role: action });
    },
  );
}

const allows = (can) => can.verdict === "yes" || can.verdict === "irreversible";

function suffix(can) {
  if (can.verdict === "irreversible") return " (nobody could take it back)";
  return allows(can) ? "" : " (not allowed)";
}
