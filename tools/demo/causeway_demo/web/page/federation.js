// The federation of one server: whether it is on, and what an administrator of a chat server decides for all users.

import { ask } from "./dialog.js";
import { attempt } from "./notices.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { sideOf, timeWithSeconds } from "./words.js";

export function showFederation(side, known) {
  const { enabled } = known;
  return [
    h(
      "button",
      {
        type: "button",
        class: "broker federation",
        id: `federation-${side}`,
        role: "switch",
        "aria-checked": String(enabled),
        title: "Switches the federation on and off, live",
        onclick: () => attempt(() => server.federate(side, { enabled: !enabled })),
      },
      sideOf(side),
      enabled ? "federates" : "does not federate",
    ),
    h(
      "button",
      { type: "button", id: `switches-${side}`, onclick: () => changeSwitches(side, known) },
      sideOf(side),
      "Switches",
    ),
  ];
}

/// What an administrator of a chat server decides for all of its users.
function changeSwitches(side, known) {
  let told = null;
  const load = async () => (told = await server.command(side, "query.federation", {}));
  const servers = (text) => text.split(/\s+/).filter(Boolean);
  ask(
    {
      title: `Federation of server ${side}`,
      note: "It counts at once, without a restart.",
      load,
      content: () => told && h("p", { key: "configured", class: "hint configured", role: "status" }, configured(told)),
      submit: "Switch",
      fields: [
        { name: "typing", label: "Tell who types", type: "checkbox", value: known.typing },
        { name: "receipts", label: "Tell who has read what", type: "checkbox", value: known.receipts },
        { name: "presence", label: "Tell who is there", type: "checkbox", value: known.presence },
        {
          name: "allow",
          label: "The only servers to federate with (empty: all)",
          value: known.allow.join(" "),
          hint: "Names, separated by blanks; *.example.org is every host below it.",
        },
        { name: "deny", label: "Servers not to federate with", value: known.deny.join(" ") },
        {
          name: "invites",
          label: "Invitations of other servers",
          type: "select",
          options: [
            { value: "allow", label: "Are welcome" },
            { value: "block", label: "Are refused" },
          ],
          value: known.invites,
        },
        {
          name: "users_may_federate",
          label: "Who may be in federated rooms",
          type: "select",
          options: [
            { value: "all", label: "All but those who may not" },
            { value: "allowed", label: "Those who may" },
          ],
          value: known.users_may_federate,
        },
      ],
    },
    ({ allow, deny, ...others }) => server.federate(side, { ...others, allow: servers(allow), deny: servers(deny) }),
  );
}

/// Who has said so: the chat server by a command, or the broker's configuration.
function configured({ configured: set, since_ts: since }) {
  if (set.length === 0) return "All of it is as the broker's configuration says.";
  const here = `Set here: ${set.join(", ")}, last at ${timeWithSeconds(since)}.`;
  return `${here} The rest is as the broker's configuration says.`;
}
