// What an administrator of a chat server looks after: the servers it talks to, and what it has refused for good.

import { ask } from "./dialog.js";
import { attempt } from "./notices.js";
import * as server from "./server.js";
import { h } from "./view.js";
import { timeWithSeconds } from "./words.js";

/// The other servers, and whether they can be reached.
export async function showServers(page, side) {
  let servers = [];
  const load = async () => ({ servers } = await server.command(side, "query.servers", {}));
  if (!(await attempt(load))) return;
  ask(
    {
      title: `Servers that server ${side} talks to`,
      submit: "Close",
      content: (act) => [
        servers.length === 0 && h("p", { class: "empty" }, "There are none yet: invite somebody of another server."),
        h(
          "ul",
          { key: "servers", class: "listed", tabindex: "0", "aria-label": "Servers" },
          servers.map((each) => row(page, each)),
        ),
        h("button", { key: "look-again", type: "button", class: "again", onclick: () => act(load) }, "Look again"),
      ],
    },
    async () => {},
  );
}

function row(page, about) {
  const known = page.words.server(about.server);
  const waiting =
    about.queued > 0 &&
    `${about.queued} ${about.queued === 1 ? "event waits" : "events wait"}, since ${timeWithSeconds(about.oldest_queued_ts)}`;
  return h(
    "li",
    { key: about.server, "data-server": about.server },
    h("strong", {}, known === about.server ? about.server : `Server ${known} (${about.server})`),
    h(
      "span",
      { class: `chip ${about.reachable ? "accepted" : "failed"}` },
      about.reachable ? "reachable" : "cannot be reached",
    ),
    h("p", { class: "detail" }, [`${about.rooms} ${about.rooms === 1 ? "room" : "rooms"} shared`, waiting].filter(Boolean).join("; ")),
    !about.reachable &&
      h(
        "p",
        { class: "detail fault" },
        `${about.failures} failures since ${timeWithSeconds(about.failing_since_ts)}: ${about.last_fault}; next attempt ` +
          `at ${timeWithSeconds(about.retry_at_ts)}`,
      ),
  );
}

/// What the chat server has refused for good, and which messages it refuses from now on.
export async function showLetters(page, side) {
  let letters = [];
  const load = async () => ({ dead_letters: letters } = await server.command(side, "query.dead_letters", {}));
  if (!(await attempt(load))) return;
  const { refused } = page.store.get("side", side);
  ask(
    {
      title: `Dead letters of server ${side}`,
      note: "The broker keeps what its chat server has refused for good. Brought again it comes as the newest.",
      submit: "Keep",
      content: (act) => [
        letters.length === 0 && h("p", { class: "empty" }, "There are none."),
        h(
          "ul",
          { key: "letters", class: "listed", tabindex: "0", "aria-label": "Dead letters" },
          letters.map((each) => letter(side, each, act, load)),
        ),
      ],
      fields: [
        {
          name: "word",
          label: "Refuse new messages with this word for good (empty: none)",
          value: refused,
          hint: "A real chat server refuses what it cannot show, e.g. after a defect.",
        },
      ],
    },
    ({ word }) => server.refuse(side, word),
  );
}

function letter(side, about, act, load) {
  const button = (label, command) =>
    h(
      "button",
      {
        type: "button",
        "aria-label": `${label} ${about.id}`,
        onclick: () =>
          act(async () => {
            await server.command(side, command, { id: about.id });
            await load();
          }),
      },
      label,
    );
  return h(
    "li",
    { key: about.id, "data-letter": about.id },
    h("strong", {}, `${about.event} of ${timeWithSeconds(about.ts)}`),
    button("Retry", "dead_letter.retry"),
    button("Drop", "dead_letter.drop"),
    h("p", { class: "detail" }, `“${about.reason}”`),
  );
}
