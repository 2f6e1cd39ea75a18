// Whether people exist whom one is about to invite: their servers are asked.

import * as server from "./server.js";
import { h } from "./view.js";

const FOUND = { verified: "exists", unverified: "does not exist", unable_to_verify: "cannot be asked for" };

/// What stands below the fields of a form: a button that asks, and the answers. `usersOf` makes a list of users out of
/// the values of the form.
export function existence(page, side, usersOf) {
  let found = [];
  if (!page.store.get("side", side).features.includes("query.verify_users")) return null;
  return (act, values) => [
    h(
      "div",
      { key: "existence", class: "row" },
      h(
        "button",
        {
          type: "button",
          class: "verify",
          onclick: () =>
            act(async () => {
              const users = usersOf(values());
              found = users.length ? (await server.command(side, "query.verify_users", { users })).users : [];
            }),
        },
        "Do they exist?",
      ),
    ),
    h(
      "div",
      { key: "found", role: "status" },
      found.length > 0 &&
        h(
          "ul",
          { class: "listed", tabindex: "0", "aria-label": "Whether they exist" },
          found.map((each) => row(each)),
        ),
    ),
  ];
}

const CHIPS = { verified: "accepted", unverified: "failed", unable_to_verify: "pending" };

function row({ user, state, fault, reason }) {
  return h(
    "li",
    { key: user, "data-user": user },
    h("strong", {}, user),
    h("span", { class: `chip ${CHIPS[state] ?? ""}` }, FOUND[state] ?? state),
    fault && h("p", { class: "detail fault" }, `${fault}: ${reason ?? ""}`),
  );
}
