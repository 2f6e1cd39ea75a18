// Who changed what, when, and why.

import { useRead } from "../live.js";
import { html, useState } from "../preact.js";
import { Loading, Problem, Rows } from "../parts.js";
import { setFilter } from "../route.js";
import { filtered } from "../list.js";

const AUDIT = ["ts", "by", "peer", "verb", "arguments", "reason", "outcome"];

export function Audit({ route }) {
  const [turn, again] = useState(0);
  const { found, fault } = useRead("audit", {}, turn);
  const rows = found ? filtered(found.audit, route.filter) : [];
  return html`<div class="toolbar" role="search" aria-label="Audit">
      <input
        type="search"
        id="filter"
        aria-label="Filter audit"
        placeholder="Filter: words, or field:word"
        value=${route.filter}
        onInput=${(event) => setFilter(event.target.value)}
      />
      <button type="button" onClick=${() => again(turn + 1)}>Read again</button>
    </div>
    <${Problem} fault=${fault} />
    ${!found && !fault && html`<${Loading} />`}
    ${
      found &&
      html`<${Rows}
        level=${2}
        caption="Changes by operators, newest first"
        rows=${rows}
        columns=${AUDIT}
        total=${route.filter ? 0 : found.total}
        none="Nobody has changed anything."
      />`
    }`;
}
