// What the broker knows of a user of ours: both names, what others are told, and what they may do.

import { h } from "./view.js";
import { timeWithSeconds } from "./words.js";

/// `known` is the answer of query.user.
export function showAccount(known) {
  const facts = [
    ["Matrix id", known.user],
    ["our id", known.own_id],
    ["federated rooms", { true: "may", false: "may not" }[known.may_federate] ?? "as of everybody"],
    ["invitations of other servers", known.invites === "block" ? "are refused" : "are welcome"],
    ["deactivated", known.deactivated_ts && timeWithSeconds(known.deactivated_ts)],
    ...Object.entries(known.fields ?? {}).map(([name, value]) => [name, words(value)]),
  ];
  return h(
    "div",
    { key: "account", role: "status" },
    h(
      "ul",
      { class: "account", "aria-label": "What the broker knows" },
      facts.filter(([, value]) => value).map(([name, value]) => h("li", { key: name }, `${name}: ${value}`)),
    ),
  );
}

/// What somebody shows of themselves: the answer of query.profile.
export function showProfile(shown) {
  const facts = [
    ["Matrix id", shown.user],
    ["name", shown.display_name || "none"],
    ["picture", shown.avatar || "none"],
    ...Object.entries(shown.fields ?? {}).map(([name, value]) => [name, words(value)]),
  ];
  return h(
    "ul",
    { key: "shown", class: "account", "aria-label": "What they show" },
    facts.map(([name, value]) => h("li", { key: name }, `${name}: ${value}`)),
  );
}

/// A field is told as JSON; a text of it is shown without its quotes.
function words(value) {
  try {
    const said = JSON.parse(value);
    return typeof said === "string" ? said : value;
  } catch {
    return value;
  }
}
