// The path of one event, and the sentence of why it is late.

import { verbs } from "../api.js";
import { useRead } from "../live.js";
import { html, useEffect, useState } from "../preact.js";
import { Facts, Id, Loading, Pill, Problem, Rows, Time } from "../parts.js";
import { go, hrefOf } from "../route.js";
import { duration } from "../words.js";

const PAUSE_SHOWN_MS = 1000;
const THROUGH = ["not_late", "was_late", "way_not_kept"];

export function Why({ route }) {
  const [id, setId] = useState(route.key);
  useEffect(() => setId(route.key), [route.key]);
  const send = (event) => {
    event.preventDefault();
    if (id.trim()) go("why", id.trim());
  };
  return html`<form class="toolbar" role="search" onSubmit=${send}>
      <label for="why-id">Event, message or transaction</label>
      <input
        id="why-id"
        type="search"
        required
        placeholder="$event, the chat server's message id, or a transaction id"
        value=${id}
        onInput=${(event) => setId(event.target.value)}
      />
      <button type="submit" class="primary">Why?</button>
    </form>
    ${
      route.key
        ? html`<${Path} key=${route.key} id=${route.key} />`
        : html`<p class="hint">
            Its path through this node is shown: when it came, what it waited for, who was tried how often and what was
            answered, and in one sentence why it is late.
          </p>`
    }`;
}

function Path({ id }) {
  const [turn, again] = useState(0);
  const argument = verbs.value.get("why")?.required?.split(" ")[0] || "event";
  const { found, fault } = useRead("why", { [argument]: id }, turn);
  if (fault) return html`<${Problem} fault=${fault} />`;
  if (!found) return html`<${Loading} what="Looking for its path" />`;
  const { event = {}, hops = [] } = found;
  const more = found.hops_total > hops.length ? ` (${hops.length} of ${found.hops_total} shown)` : "";
  return html`<section class="path" aria-labelledby="opened">
    <div class=${`cause ${THROUGH.includes(found.cause) ? "good" : ""}`} id="cause">
      <p>${found.because}</p>
      ${found.command && html`<p class="command"><code>${found.command}</code></p>`}
    </div>
    <h2 id="opened" tabindex="-1">
      ${found.direction === "in" ? "Received" : "Sent"} event <${Pill} word=${event.verdict} />
    </h2>
    <${Facts} row=${event} without=${["verdict"]} />
    <h3>Its way${more} <button type="button" class="quiet" onClick=${() => again(turn + 1)}>look again</button></h3>
    ${hops.length === 0 && html`<p class="empty">No hop of it is known any more: hops are kept for an hour.</p>`}
    <ol class="timeline">
      ${hops.map((hop, i) => html`<${Hop} hop=${hop} before=${hops[i - 1]} event=${event.event_id} />`)}
    </ol>
    ${
      found.servers?.length > 0 &&
      html`<${Rows} caption="Servers it goes to" rows=${found.servers} columns=${SERVER} />`
    }
    ${found.arrivals?.length > 0 && html`<${Rows} caption="Received, not in the graph yet" rows=${found.arrivals} />`}
    ${
      found.waits_for_events?.length > 0 &&
      html`<section class="block">
        <h3>Events it waits for</h3>
        <ul>
          ${found.waits_for_events.map((each) => html`<li><${Id} text=${each} /></li>`)}
        </ul>
      </section>`
    }
    ${
      found.notification &&
      html`<section class="block">
        <h3>What the chat server was told of it</h3>
        <${Facts} row=${found.notification} />
      </section>`
    }
    ${found.parked?.length > 0 && html`<${Rows} caption="Parked actors" rows=${found.parked} />`}
  </section>`;
}

const SERVER = [
  {
    name: "server_name",
    title: "Server",
    show: (x) => html`<a href=${hrefOf("servers", x.server_name)}>${x.server_name}</a>`,
  },
  "state",
  "attempts",
  "phase",
  "last_fault",
  "retry_at_ts",
  "delivered_ts",
];

const TOLD = ["at_ts", "since_previous_ms", "stage", "answer", "phase", "actor", "node", "event_id"];

function Hop({ hop, before, event }) {
  const paused = hop.since_previous_ms ?? (before ? hop.at_ts - before.at_ts : 0);
  const other = hop.event_id && hop.event_id !== event;
  return html`<li class=${hop.stage === "failed" ? "bad" : ""}>
    ${paused >= PAUSE_SHOWN_MS && html`<p class="gap">${duration(paused)} later</p>`}
    <p class="stage">
      <strong>${hop.stage.replaceAll("_", " ")}</strong> <${Pill} word=${hop.phase} />
      <small><${Time} ts=${hop.at_ts} /></small>
    </p>
    ${hop.answer && html`<p>${hop.answer}</p>`}
    <p class="where">${[hop.actor, hop.node].filter(Boolean).join(" on ")}${other ? ` · ${hop.event_id}` : ""}</p>
    <${Few} hop=${hop} />
  </li>`;
}

/// What else a hop says, in one line.
function Few({ hop }) {
  const more = Object.entries(hop).filter(([name, value]) => !TOLD.includes(name) && value !== "" && value !== 0);
  return more.length
    ? html`<p class="where">${more.map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`).join(" · ")}</p>`
    : null;
}
