// `room compare` as a diff: what our view of the room has (+) and another server's has instead (−), server by server.

import { html } from "../preact.js";
import { Pill } from "../parts.js";
import { hrefOf } from "../route.js";
import { counted } from "../words.js";

const text = (value) => value || "nothing";

/// Takes {servers: [view_row], servers_total, differences: [difference_row], differences_total}.
export function Compared({ answer }) {
  const { servers = [], differences = [] } = answer;
  const same = servers.filter((each) => each.state === "same").length;
  const hidden = answer.differences_total - differences.length;
  return html`<p id="compared">
      ${counted(same, "server")} of ${answer.servers_total ?? servers.length} ${same === 1 ? "sees" : "see"} the room as
      we do.
    </p>
    <ul class="compared">
      ${servers.map(
        (each) =>
          html`<${Server}
            each=${each}
            differences=${differences.filter((one) => one.server_name === each.server_name)}
          />`,
      )}
    </ul>
    ${hidden > 0 && html`<p class="hint">${counted(hidden, "further difference")} not shown.</p>`}`;
}

function Server({ each, differences }) {
  const notes = [
    each.ahead > 0 &&
      `it has ${counted(each.ahead, "event")} that we lack: resync fetches ${each.ahead === 1 ? "it" : "them"}`,
    each.behind && "it does not have our latest event",
    each.problem,
  ].filter(Boolean);
  return html`<li>
    <h3><a href=${hrefOf("servers", each.server_name)}>${each.server_name}</a> <${Pill} word=${each.state} /></h3>
    ${notes.length > 0 && html`<p class="hint">${notes.join("; ")}</p>`}
    ${
      differences.length > 0 &&
      html`<div class="diff" role="group" aria-label=${`Differences to ${each.server_name}`}>
        ${differences.map(
          (one) =>
            html`<div class="hunk">
              <p class="at">${one.type} ${one.state_key}</p>
              <p class="ours"><span>ours</span> ${text(one.ours)}</p>
              <p class="theirs"><span>theirs</span> ${text(one.theirs)}</p>
            </div>`,
        )}
      </div>`
    }
  </li>`;
}
