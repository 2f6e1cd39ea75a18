// Every actor in memory, those in trouble first.

import { knows } from "../api.js";
import { List } from "../list.js";
import { useRead, useTopic } from "../live.js";
import { html, useState } from "../preact.js";
import { DetailHead, Facts, Loading, Pill, Problem, Rows, Sentences, Time } from "../parts.js";
import { hrefOf, setFilter } from "../route.js";
import { count, duration } from "../words.js";

const COLUMNS = [
  { name: "key", title: "Actor", width: "minmax(12rem, 3fr)", show: (x) => x.key || x.kind },
  { name: "kind", title: "Kind", width: "9rem", phone: true },
  { name: "phase", title: "Phase", width: "7rem", phone: true, show: (x) => html`<${Pill} word=${x.phase} />` },
  { name: "mailbox", title: "Mailbox", kind: "number", width: "5.5rem", phone: true, show: (x) => count(x.mailbox) },
  {
    name: "oldest_waiting_ts",
    title: "Oldest waits",
    width: "7.5rem",
    show: (x) => html`<${Time} ts=${x.oldest_waiting_ts} none="" />`,
  },
  {
    name: "handling_us",
    title: "Handling",
    kind: "number",
    width: "6.5rem",
    show: (x) => (x.handling_us > 0 ? duration(x.handling_us / 1000) : ""),
  },
  { name: "handled", title: "Handled", kind: "number", width: "7rem", show: (x) => count(x.handled) },
  { name: "failures", title: "Failures", kind: "number", width: "5.5rem", show: (x) => x.failures || "" },
  { name: "since_ts", title: "Made", width: "7.5rem", show: (x) => html`<${Time} ts=${x.since_ts} />` },
  { name: "last_fault", title: "Last fault", width: "minmax(6rem, 2fr)" },
];
const FREQUENT = [
  ["parked", "phase:parked"],
  ["rooms", "kind:room"],
  ["servers", "kind:remote_server"],
];

const keyOf = (row) => `${row.kind}|${row.key}`;

const isTrouble = (row) => row.phase !== "running";

export function Actors({ route }) {
  const topic = useTopic("actors");
  const row = topic.rows.get(route.key);
  return html`<${Problem} fault=${topic.fault} />
    <div class="split">
      <${List}
        label="Actors"
        topic=${topic}
        columns=${COLUMNS}
        keyOf=${keyOf}
        href=${(each) => hrefOf("actors", keyOf(each), route.filter)}
        isTrouble=${isTrouble}
        opened=${route.key}
        filter=${route.filter}
        onFilter=${setFilter}
        words=${FREQUENT}
      />
      ${route.key && html`<${Actor} id=${route.key} row=${row} back=${hrefOf("actors", "", route.filter)} />`}
    </div>`;
}

function Actor({ id, row, back }) {
  const [kind, ...rest] = id.split("|");
  const key = rest.join("|");
  const view = {
    room: ["rooms", "Its room"],
    remote_server: ["servers", "Its server"],
    invitation: ["invitations", "Its invitation"],
  }[kind];
  return html`<section class="detail" aria-labelledby="opened">
    <${DetailHead} title=${key || kind} state=${row?.phase} back=${back} />
    ${
      row
        ? html`<${Sentences} mood="bad" list=${row.last_fault ? [row.last_fault] : []} />
            <${Facts} row=${row} without=${["phase", "last_fault"]} />`
        : html`<p class="empty">It is not in memory any more.</p>`
    }
    ${row && html`<${Says} kind=${kind} id=${key} />`}
    ${view && html`<p><a href=${hrefOf(view[0], key)}>${view[1]}</a></p>`}
    ${
      row &&
      kind === "room" &&
      knows("why") &&
      html`<p class="hint">An event of it is late? <a href=${hrefOf("why")}>Why</a> tells.</p>`
    }
  </section>`;
}

const TRACE_SECONDS = 10;
const TRACE_COUNT = 100;

/// What it says of itself, and what it does while one looks: the trace ends by itself.
function Says({ kind, id }) {
  const [traced, trace] = useState(0);
  return html`${knows("actor.show") && html`<${Shown} kind=${kind} id=${id} />`}
  ${
    knows("actor.trace") &&
    html`<section class="block" aria-label="Trace">
      <button type="button" onClick=${() => trace(traced + 1)}>Trace it for ${TRACE_SECONDS} s</button>
      ${traced > 0 && html`<${Traced} kind=${kind} id=${id} turn=${traced} />`}
    </section>`
  }`;
}

function Shown({ kind, id }) {
  const { found, fault } = useRead("actor.show", { kind, key: id });
  if (fault) return html`<${Problem} fault=${fault} />`;
  return found?.says
    ? html`<section class="block">
        <h3>What it says of itself</h3>
        <${Facts} row=${found.says} />
      </section>`
    : null;
}

function Traced({ kind, id, turn }) {
  const { found, fault } = useRead("actor.trace", { kind, key: id, count: TRACE_COUNT, seconds: TRACE_SECONDS }, turn);
  if (fault) return html`<${Problem} fault=${fault} />`;
  return found
    ? html`<${Rows} caption="Messages it handled" rows=${found.messages} none="It handled none." />`
    : html`<${Loading} what="Watching it" />`;
}
