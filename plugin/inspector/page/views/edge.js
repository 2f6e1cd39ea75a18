// The chat servers at the edge: how far each stream of theirs lags, and how much they may still be sent.

import { knows } from "../api.js";
import { useTopic } from "../live.js";
import { html } from "../preact.js";
import { Facts, Loading, Pill, Problem, Rows } from "../parts.js";

export function Edge() {
  const topic = useTopic("edge");
  const peers = [...topic.rows.values()];
  return html`<${Problem} fault=${topic.fault} />
    ${topic.state === "loading" && html`<${Loading} />`}
    ${topic.state === "ready" && peers.length === 0 && html`<p class="callout bad">No chat server is connected.</p>`}
    <div class="cards">${peers.map((each) => html`<${Peer} key=${each.peer} peer=${each} />`)}</div>
    ${knows("streams") && html`<${Streams} />`}`;
}

const Peer = ({ peer }) =>
  html`<section class="card" aria-label=${peer.peer}>
    <h2>${peer.peer} <${Pill} word=${peer.role} /></h2>
    <${Facts} row=${peer} without=${["peer", "role"]} />
  </section>`;

const Streams = () => {
  const topic = useTopic("streams");
  return html`<${Problem} fault=${topic.fault} />
    <${Rows} level=${2} caption="Streams of notifications" rows=${[...topic.rows.values()]} columns=${STREAM} />`;
};

const NUMBERS = ["head", "acked", "lag", "in_flight"].map((name) => ({ name, kind: "number" }));
const STREAM = ["stream", "peer", ...NUMBERS, "paused_ms", "waits_for"];
