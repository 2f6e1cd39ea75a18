// What an operator looks at first: is anything wrong, how much waits, and how it went in the last ten minutes.

import { knows } from "../api.js";
import { Graph } from "../graph.js";
import { useRead, useSeries, useTopic } from "../live.js";
import { html, useMemo, useRef } from "../preact.js";
import { Loading, Problem, Prose, Time, useNow } from "../parts.js";
import { hrefOf } from "../route.js";
import { count } from "../words.js";
import { Findings, LookedAt } from "./findings.js";
import { GRAPHS } from "./graphs.js";

const TROUBLES_MAX = 6;
/// What is on its way is no trouble: so long the chat server may take for an acknowledgement.
const STUCK_MS = 10000;

export function Overview() {
  const servers = useTopic("servers");
  const rooms = useTopic("rooms");
  const invitations = useTopic("invitations");
  const letters = useTopic("dead_letters");
  return html`
    <${Tiles} servers=${servers} rooms=${rooms} invitations=${invitations} letters=${letters} />
    <${Graphs} />
    <div class="columns">
      <${Waiting} servers=${servers} rooms=${rooms} />
      ${knows("check") && html`<${Check} />`}
    </div>
  `;
}

function Tiles({ servers, rooms, invitations, letters }) {
  const of = (topic, test) => {
    let n = 0;
    for (const row of topic.rows.values()) if (test(row)) ++n;
    return n;
  };
  const queued = useMemo(() => {
    let n = 0;
    for (const row of servers.rows.values()) n += row.queued;
    return n;
  }, [servers.version]);
  const all = [
    ["Servers failing", servers, of(servers, (x) => x.failures > 0), hrefOf("servers", "", "failures:*")],
    ["Events queued", servers, queued, hrefOf("servers")],
    ["Rooms waiting", rooms, of(rooms, (x) => x.waits_for), hrefOf("rooms", "", "waits_for:*")],
    ["Invitations open", invitations, of(invitations, (x) => x.waits_for), hrefOf("invitations")],
    ["Dead letters", letters, letters.rows.size, hrefOf("dead-letters")],
  ];
  return html`<ul class="tiles">
    ${all.map(
      ([title, topic, n, href]) =>
        html`<li>
          <a href=${href} class=${n > 0 ? "some" : ""}>
            <strong>${topic.state === "ready" ? count(n) : "–"}</strong> <span>${title}</span>
          </a>
        </li>`,
    )}
  </ul>`;
}

/// Streams that wait and of which nothing was acknowledged for a while: [{key, text}]
function useStuckStreams() {
  const { rows } = useTopic("streams", knows("streams"));
  const now = useNow();
  const seen = useRef(new Map()); // stream to [acked, since when]
  const stuck = [];
  for (const row of rows.values()) {
    const [acked, since] = seen.current.get(row.stream) ?? [];
    if (!row.waits_for || acked !== row.acked) seen.current.set(row.stream, [row.acked, now]);
    else if (now - since >= STUCK_MS) stuck.push({ key: `stream ${row.stream}`, text: row.waits_for });
  }
  return stuck;
}

/// Who waits longest, in the node's own sentences.
function Waiting({ servers, rooms }) {
  const stuck = useStuckStreams();
  const waiting = useMemo(() => {
    const of = (topic, view, name) =>
      [...topic.rows.values()]
        .filter((row) => row.waits_for && row.state !== "excluded")
        .sort((a, b) => (a.oldest_waiting_ts || Infinity) - (b.oldest_waiting_ts || Infinity) || 0)
        .slice(0, TROUBLES_MAX)
        .map((row) => ({ view, key: row[name], since: row.oldest_waiting_ts, text: row.waits_for }));
    return [...of(servers, "servers", "server_name"), ...of(rooms, "rooms", "room_id")];
  }, [servers.version, rooms.version]);
  // The chat server is one, and all users wait for it.
  const shown = [...stuck.map((each) => ({ view: "edge", ...each })), ...waiting].slice(0, TROUBLES_MAX);
  const fault = servers.fault ?? rooms.fault;
  return html`<section class="block">
    <h2>What waits</h2>
    <${Problem} fault=${fault} />
    ${
      shown.length === 0 &&
      !fault &&
      (servers.state === "ready" ? html`<p class="empty good">Nothing waits.</p>` : html`<${Loading} />`)
    }
    <ul class="waiting">
      ${shown.map(
        ({ view, key, since, text }) =>
          html`<li>
            <a href=${hrefOf(view, view === "edge" ? "" : key)}>${key}</a> ${since > 0 && html`<small><${Time} ts=${since} /></small>`}
            <p><${Prose} text=${text} /></p>
          </li>`,
      )}
    </ul>
  </section>`;
}

function Check() {
  const { found, fault } = useRead("check", {});
  return html`<section class="block">
    <h2>Checks</h2>
    <${Problem} fault=${fault} />
    ${!found && !fault && html`<${Loading} />`} ${found && html`<${Findings} answer=${found} />`}
    <${LookedAt} />
  </section>`;
}

function Graphs() {
  const points = useSeries();
  const known = points.at(-1)?.[1];
  return html`<section class="block">
    <h2>Last ten minutes</h2>
    ${!known && html`<${Loading} />`}
    <div class="graphs">
      ${known && GRAPHS.map((each) => html`<${Graph} key=${each.title} ...${each} points=${points} />`)}
    </div>
  </section>`;
}
