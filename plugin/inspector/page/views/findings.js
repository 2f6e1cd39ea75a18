// What `check`, `doctor` and `server.probe` found: each with how bad it is and, where something is wrong, what helps.

import { knows } from "../api.js";
import { useRead } from "../live.js";
import { html, useState } from "../preact.js";
import { Loading, Pill, Problem, Prose, Rows } from "../parts.js";

/// Takes the answer of one of them.
export function Findings({ answer }) {
  const { findings, checks, phases, certificates, ...report } = answer;
  const list = findings ?? checks ?? [];
  return html`<ul class="findings">
      ${list.map(
        (each) =>
          html`<li>
            <${Pill} word=${each.state ?? each.severity} />
            <div>
              ${each.name && html`<strong>${each.name} </strong>`}<${Prose} text=${each.what} />
              ${(each.do || each.fix) && html`<p class="fix"><${Prose} text=${each.do || each.fix} /></p>`}
            </div>
          </li>`,
      )}
    </ul>
    ${list.length === 0 && html`<p class="empty good">Nothing is wrong with it.</p>`}
    ${phases?.length > 0 && html`<${Rows} caption="Steps on the way" rows=${phases} columns=${PHASE} />`}
    ${
      certificates?.length > 0 &&
      html`<${Rows}
        caption="Certificates"
        rows=${certificates}
        columns=${["address", "subject", "issuer", "not_after_ts"]}
      />`
    }
    ${
      "FederationOK" in report &&
      html`<details>
        <summary>As the federation tester tells it</summary>
        <pre tabindex="0">${JSON.stringify(report, null, 2)}</pre>
      </details>`
    }`;
}

const PHASE = ["phase", "what", "ms", "result", "detail"].map((name) =>
  name === "phase" ? { name, show: (x) => x.phase } : name,
);

/// Looks at a server from outside when somebody asks: it takes seconds and is traffic. No name: at ourselves.
export function LookedAt({ name = "" }) {
  const [asked, ask] = useState("");
  const all = [
    ["doctor", name ? "Doctor: what is wrong with it?" : "Doctor: how do others see us?"],
    ["server.probe", "Probe: step by step"],
  ].filter(([verb]) => knows(verb) && (name || verb === "doctor"));
  if (!all.length) return null;
  return html`<section class="block" aria-label="Seen from outside">
    <div class="buttons">
      ${all.map(
        ([verb, label]) =>
          html`<button type="button" aria-pressed=${asked === verb} onClick=${() => ask(asked === verb ? "" : verb)}>
            ${label}
          </button>`,
      )}
    </div>
    ${asked && html`<${Looked} key=${asked} verb=${asked} name=${name} />`}
  </section>`;
}

function Looked({ verb, name }) {
  const { found, fault } = useRead(verb, { server: name });
  if (fault) return html`<${Problem} fault=${fault} />`;
  return found ? html`<${Findings} answer=${found} />` : html`<${Loading} what="Looking at it from outside" />`;
}
