// Users whom nobody has told the broker of: other servers ask for them, and a rule of the chat server says who exists.

import { ask } from "./dialog.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { timeWithSeconds } from "./words.js";

export function showNewcomers(page, side) {
  const { names } = page.store.get("side", side).newcomers;
  ask(
    {
      title: `Newcomers of server ${side}`,
      note: "For a user of whom the broker has not been told it asks its chat server when another server asks.",
      submit: "Answer so",
      content: (act) => asked(page, side, act),
      fields: [
        {
          name: "names",
          label: "Who exists when they are asked for",
          value: names.join(" "),
          hint: "Separated by blanks; guest-* is everybody whose name begins so. Empty: nobody.",
        },
      ],
    },
    ({ names: chosen }) => server.welcome(side, chosen.split(/\s+/).filter(Boolean)),
  );
}

/// The questions of late, and what they were answered.
function asked(page, side, act) {
  const questions = page.store.get("side", side).newcomers.asked;
  return [
    questions.length === 0 && h("p", { key: "none", class: "empty" }, "Nobody has been asked for."),
    h(
      "ul",
      { key: "asked", class: "listed", tabindex: "0", "aria-label": "Who was asked for" },
      questions.map((each) =>
        h(
          "li",
          { key: `${each.user} ${each.ts}`, "data-user": each.user },
          h("strong", {}, each.user),
          each.exists
            ? h("span", { class: "chip accepted" }, "exists")
            : h("span", { class: "chip failed" }, "does not exist"),
          h("p", { class: "detail" }, `asked for at ${timeWithSeconds(each.ts)}`),
        ),
      ),
    ),
    h("button", { key: "look-again", type: "button", onclick: () => act(async () => {}) }, "Look again"),
  ];
}
