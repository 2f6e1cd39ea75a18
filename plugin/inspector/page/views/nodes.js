// The nodes that share the store: which one serves, who would take its place, and who has gone.

import { useTopic } from "../live.js";
import { html } from "../preact.js";
import { Loading, Problem, Prose, Rows } from "../parts.js";
import { duration } from "../words.js";

export function Nodes() {
  const topic = useTopic("nodes");
  const nodes = [...topic.rows.values()].sort(byStanding);
  const ready = topic.state === "ready";
  return html`<${Problem} fault=${topic.fault} />
    ${topic.state === "loading" && html`<${Loading} />`}
    ${ready && nodes.length === 0 && html`<p class="empty"><${Prose} text=${ALONE} /></p>`}
    ${
      ready &&
      nodes.length > 0 &&
      html`${standings(nodes).map(([mood, text]) => html`<p class=${`callout ${mood}`}><${Prose} text=${text} /></p>`)}
        <${Rows} level=${2} caption="Nodes that share the store" rows=${nodes} columns=${NODE} total=${topic.about.total} />`
    }`;
}

const ALONE = 'The store is a file of this broker alone (`store.engine = "sqlite"`): there are no other nodes.';

const lease = ({ lease_left_ms }) =>
  lease_left_ms >= 0 ? `${duration(lease_left_ms)} left` : `ran out ${duration(-lease_left_ms)} ago`;

const NODE = [
  "name",
  "state",
  "version",
  { name: "lease_left_ms", title: "Lease", kind: "short", show: lease },
  { name: "shards", title: "Shards", kind: "number" },
  { name: "epoch", title: "Epoch", kind: "number" },
  { name: "endpoints", title: "Listens at" },
  { name: "incarnation", title: "Incarnation", show: (x) => html`<code>${x.incarnation}</code>` },
];

const RANKS = ["active", "standby"];
const rankOf = ({ state }) => (RANKS.includes(state) ? RANKS.indexOf(state) : RANKS.length);

/// Who serves first, who has gone last, the latest of them first.
const byStanding = (a, b) =>
  rankOf(a) - rankOf(b) ||
  (rankOf(a) === RANKS.length ? b.lease_left_ms - a.lease_left_ms : a.name.localeCompare(b.name));

const namesOf = (nodes) => nodes.map((each) => each.name).join(", ");

/// What an operator wants to know of all nodes together: [how bad it is, a sentence].
function standings(nodes) {
  const alive = nodes.filter((each) => each.lease_left_ms >= 0);
  const serving = nodes.filter((each) => each.state === "active");
  const waiting = alive.filter((each) => each.state === "standby");
  const versions = new Set([...serving, ...waiting].map((each) => each.version));
  const said = [];
  if (serving.length === 0)
    said.push(["bad", waiting.length ? `No node serves; ${namesOf(waiting)} is about to take over.` : "No node serves."]);
  for (const each of serving) {
    if (each.lease_left_ms < 0)
      said.push(["bad", `${each.name} serves, but its lease ${lease(each)}: it sleeps, or does not reach the database.`]);
    else if (waiting.length === 0)
      said.push(["wait", `${each.name} serves, and no node stands by: when it ends, nobody takes its place.`]);
    else said.push(["good", `${each.name} serves; ${namesOf(waiting)} would take its place within seconds.`]);
  }
  for (const each of nodes.filter((x) => x.state === "dead" && !alive.some((y) => y.name === x.name)))
    said.push(["info", `${each.name} was declared dead: its lease ${lease(each)}. Its log has the last it did.`]);
  if (versions.size > 1) said.push(["info", `Nodes run different versions: ${[...versions].join(", ")}.`]);
  return said;
}
