// Invitations and knocks as a board: a column for each state, the newest on top.

import { Verb } from "../ask.js";
import { filtered } from "../list.js";
import { useDetail, useTopic } from "../live.js";
import { html, useMemo } from "../preact.js";
import { DetailHead, Facts, Loading, Problem, Sentences, Time } from "../parts.js";
import { hrefOf, setFilter } from "../route.js";
import { count } from "../words.js";

const STATES = [
  "sending",
  "pending",
  "accepted",
  "rejected",
  "revoked_unconfirmed",
  "revoked",
  "expired",
  "failed",
  "banned",
];
const ALWAYS = 3; // the first ones, also while they are empty
const CARDS_MAX = 50;
const DIRECTIONS = { outgoing: "invited", incoming: "is invited", knock: "knocks" };

/// Those of ours that `invite.resend` makes once more (plugin/admin/verbs/invitations.cpp).
const OVER = ["rejected", "revoked", "expired", "failed"];
const invitesAgain = (row) => row?.direction === "outgoing" && OVER.includes(row.state);

const keyOf = (row) => `${row.room_id}|${row.user_id}`;

export function Invitations({ route }) {
  const topic = useTopic("invitations");
  const columns = useMemo(() => {
    const found = new Map(STATES.map((state) => [state, []]));
    for (const row of filtered([...topic.rows.values()], route.filter)) {
      if (!found.has(row.state)) found.set(row.state, []);
      found.get(row.state).push(row);
    }
    for (const rows of found.values()) rows.sort((a, b) => b.since_ts - a.since_ts);
    return [...found].filter(([, rows], i) => i < ALWAYS || rows.length > 0);
  }, [topic.version, topic.rows, route.filter]);
  return html`<${Problem} fault=${topic.fault} />
    <div class="toolbar" role="search" aria-label="Invitations">
      <input
        type="search"
        id="filter"
        aria-label="Filter invitations"
        placeholder="Filter: words, or field:word"
        value=${route.filter}
        onInput=${(event) => setFilter(event.target.value)}
      />
      <span class="count">${topic.state === "ready" ? count(topic.rows.size) : "…"}</span>
    </div>
    <div class="split">
      <div class="board" tabindex="0" role="region" aria-label="Board of invitations" onKeyDown=${walk}>
        ${columns.map(([state, rows]) => html`<${Column} key=${state} state=${state} rows=${rows} route=${route} />`)}
      </div>
      ${
        route.key &&
        html`<${Invitation}
          key=${route.key}
          id=${route.key}
          row=${topic.rows.get(route.key)}
          back=${hrefOf("invitations", "", route.filter)}
        />`
      }
    </div>`;
}

/// The arrow keys go from card to card, and from column to column.
function walk(event) {
  const link = event.target.closest(".ticket a");
  if (!link) return;
  const lists = [...event.currentTarget.querySelectorAll(".column")].map((each) => [
    ...each.querySelectorAll(".ticket a"),
  ]);
  const x = lists.findIndex((each) => each.includes(link));
  const y = lists[x].indexOf(link);
  const beside = (step) => {
    for (let i = x + step; lists[i]; i += step) if (lists[i].length) return lists[i][Math.min(y, lists[i].length - 1)];
    return null;
  };
  const to = {
    ArrowDown: () => lists[x][y + 1],
    ArrowUp: () => lists[x][y - 1],
    ArrowRight: () => beside(1),
    ArrowLeft: () => beside(-1),
  }[event.key]?.();
  if (!to) return;
  event.preventDefault();
  to.focus();
}

const Column = ({ state, rows, route }) =>
  html`<section class="column" aria-labelledby=${`column-${state}`}>
    <h2 id=${`column-${state}`}>${state.replaceAll("_", " ")} <small>${count(rows.length)}</small></h2>
    <ul>
      ${rows.slice(0, CARDS_MAX).map(
        (row) =>
          html`<li
            key=${keyOf(row)}
            data-key=${keyOf(row)}
            class=${`ticket ${row.last_fault ? "failing" : ""} ${keyOf(row) === route.key ? "opened" : ""}`}
          >
            <a href=${hrefOf("invitations", keyOf(row), route.filter)}>${row.user_id}</a>
            <p>${DIRECTIONS[row.direction] ?? row.direction} · ${row.chat_room_id || row.room_id}</p>
            <p class="when">
              <${Time}
                ts=${row.since_ts}
              />${row.retry_at_ts > 0 && html` · next try <${Time} ts=${row.retry_at_ts} due />`}
            </p>
          </li>`,
      )}
    </ul>
    ${rows.length > CARDS_MAX && html`<p class="hint">${count(rows.length - CARDS_MAX)} more: filter to see them.</p>`}
  </section>`;

function Invitation({ id, row, back }) {
  const [room, user] = splitKey(id);
  const { shown, fault } = useDetail("invite.show", { room, user }, row);
  const invitation = row ?? shown?.invitation;
  const open = Boolean(invitation?.waits_for);
  const args = { room, user };
  const other = shown?.server?.server_name;
  return html`<section class="detail" aria-labelledby="opened">
    <${DetailHead} title=${user} state=${invitation?.state} back=${back}>
      ${
        (open || invitesAgain(invitation)) &&
        html`<${Verb}
          verb="invite.resend"
          args=${args}
          label="Resend"
          what=${
            open
              ? "The other server is told once more, now."
              : "It is over: the same user invites them once more, and the other server is told so."
          }
        />`
      }
      ${
        open &&
        html`<${Verb}
          verb="invite.revoke"
          args=${args}
          label="Revoke"
          danger
          what="The invitation is taken back, and the other server told so."
        />`
      }
    <//>
    <${Problem} fault=${fault} />
    ${!shown && !fault && html`<${Loading} />`}
    <${Sentences} list=${shown?.waits_for} mood=${invitation?.last_fault ? "bad" : open ? "wait" : "good"} />
    <${Facts} row=${invitation} without=${["state", "waits_for"]} />
    ${other && html`<p>Its server: <a href=${hrefOf("servers", other)}>${other}</a></p>`}
    ${
      shown?.actor &&
      html`<details>
        <summary>Its actor</summary>
        <${Facts} row=${shown.actor} />
      </details>`
    }
  </section>`;
}

function splitKey(id) {
  const at = id.lastIndexOf("|");
  return [id.slice(0, at), id.slice(at + 1)];
}
