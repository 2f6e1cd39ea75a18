// The nodes that share the store: which one serves, who would take its place, and who has gone.

import { knows } from "../api.js";
import { Verb } from "../ask.js";
import { useRead, useTopic } from "../live.js";
import { html } from "../preact.js";
import { Loading, Problem, Prose, Rows, Time } from "../parts.js";
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
        <${Steering} self=${selfOf(nodes, topic.about.node)} />
        <${Rows}
          level=${2}
          caption="Nodes that share the store"
          rows=${nodes}
          columns=${"may_stop" in nodes[0] ? [...NODE.slice(0, 2), MAY_STOP, ...NODE.slice(2)] : NODE}
          total=${topic.about.total}
        />
        ${knows("history") && html`<${History} nodes=${nodes} />`}`
    }`;
}

/// The node that this page is from; an older one does not say which it is, and serves then.
const selfOf = (nodes, name) => nodes.find((each) => each.name === name && (each.state === "active" || each.lease_left_ms >= 0));

/// What may be done with the node that this page is from.
const Steering = ({ self }) =>
  html`${self && self.state !== "active" && html`<p>This page is from <strong>${self.name}</strong>, which does not serve.</p>`}
    <div class="buttons">
      ${
        self?.state === "drained"
          ? html`<${Verb}
              verb="node.undrain"
              args=${{}}
              label="Undrain this node"
              what="It takes its turn again: when the node that serves ends, this one may take its place."
            />`
          : html`<${Verb}
              verb="node.drain"
              args=${{}}
              label="Drain this node"
              danger
              what=${
                self?.state === "standby"
                  ? "It goes on standing by, and leaves its turn to others until it is undrained."
                  : "It hands its place over to a node that stands by, and leaves its turn to others until it is undrained."
              }
            />`
      }
    </div>`;

const TERMS_MAX = 20;

/// Who served since when, and why that ended; read again when another one serves.
function History({ nodes }) {
  const owner = nodes.find((each) => each.state === "active")?.incarnation ?? "";
  const { found, fault } = useRead("history", { limit: TERMS_MAX }, owner);
  return html`<${Problem} fault=${fault} />
    ${
      found &&
      html`<${Rows}
        level=${2}
        caption="Who served"
        rows=${found.terms}
        columns=${TERM}
        total=${found.total}
        none="Nobody has served yet."
      />`
    }`;
}

const TERM = [
  "name",
  "version",
  { name: "from_ts", title: "Since" },
  { name: "until_ts", title: "Until", show: (x) => html`<${Time} ts=${x.until_ts} none="serves" />` },
  { name: "gap_ms", title: "Nobody before it for", kind: "short" },
  { name: "why", title: "Why it ended" },
];

const ALONE = 'The store is a file of this broker alone (`store.engine = "sqlite"`): there are no other nodes.';

const lease = ({ lease_left_ms }) =>
  lease_left_ms >= 0 ? `${duration(lease_left_ms)} left` : `ran out ${duration(-lease_left_ms)} ago`;

const MAY_STOP = { name: "may_stop", title: "May be stopped", show: (x) => html`<${Prose} text=${x.may_stop} />` };

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

const RANKS = ["active", "standby", "drained"];
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
  const drained = alive.filter((each) => each.state === "drained");
  const versions = new Set([...serving, ...waiting, ...drained].map((each) => each.version));
  const said = [];
  if (serving.length === 0)
    said.push([
      "bad",
      waiting.length
        ? `No node serves; ${namesOf(waiting)} is about to take over.`
        : drained.length
          ? `No node serves; ${namesOf(drained)} is drained: \`causeway undrain\` lets it serve at once.`
          : "No node serves.",
    ]);
  for (const each of serving) {
    if (each.lease_left_ms < 0)
      said.push(["bad", `${each.name} serves, but its lease ${lease(each)}: it sleeps, or cannot reach the database.`]);
    else if (waiting.length === 0 && drained.length > 0)
      said.push([
        "wait",
        `${each.name} serves, and only ${namesOf(drained)} would follow, which is drained: not before nobody has served for ten seconds.`,
      ]);
    else if (waiting.length === 0)
      said.push(["wait", `${each.name} serves, and no node stands by: when it ends, nobody takes its place.`]);
    else said.push(["good", `${each.name} serves; ${namesOf(waiting)} would take its place within seconds.`]);
  }
  if (waiting.length > 0)
    for (const each of drained) said.push(["info", `${each.name} is drained: it leaves its turn to others until \`causeway undrain\`, or the button of its own page.`]);
  for (const each of nodes.filter((x) => x.state === "dead" && !alive.some((y) => y.name === x.name)))
    said.push(["info", `${each.name} was declared dead: its lease ${lease(each)}. Its log has the last it did.`]);
  if (versions.size > 1) said.push(["info", `Nodes run different versions: ${[...versions].join(", ")}.`]);
  return said;
}
