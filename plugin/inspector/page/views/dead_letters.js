// Notifications that the chat server has refused for good.

import { knows } from "../api.js";
import { Verb } from "../ask.js";
import { List } from "../list.js";
import { useRead, useTopic } from "../live.js";
import { html } from "../preact.js";
import { DetailHead, Facts, Loading, Problem, Sentences, Time } from "../parts.js";
import { hrefOf, setFilter } from "../route.js";
import { bytes } from "../words.js";

const COLUMNS = [
  { name: "id", title: "Letter", width: "minmax(7rem, 1fr)" },
  { name: "event", title: "Notification", width: "minmax(9rem, 1fr)", phone: true },
  { name: "reason", title: "Why it was refused", width: "minmax(10rem, 3fr)" },
  { name: "room_id", title: "Room", width: "minmax(8rem, 2fr)" },
  { name: "bytes", title: "Size", kind: "number", width: "6rem", show: (x) => bytes(x.bytes) },
  {
    name: "refused_ts",
    title: "Refused",
    width: "8rem",
    phone: true,
    show: (x) => html`<${Time} ts=${x.refused_ts} />`,
  },
];

const isTrouble = () => false; // all are the same

export function DeadLetters({ route }) {
  const topic = useTopic("dead_letters");
  return html`<${Problem} fault=${topic.fault} />
    <div class="split">
      <${List}
        label="Dead letters"
        topic=${topic}
        columns=${COLUMNS}
        keyOf=${(row) => row.id}
        href=${(row) => hrefOf("dead-letters", row.id, route.filter)}
        isTrouble=${isTrouble}
        opened=${route.key}
        filter=${route.filter}
        onFilter=${setFilter}
      />
      ${
        route.key &&
        html`<${Letter}
          key=${route.key}
          id=${route.key}
          row=${topic.rows.get(route.key)}
          back=${hrefOf("dead-letters", "", route.filter)}
        />`
      }
    </div>`;
}

function Letter({ id, row, back }) {
  const args = { letter: id };
  return html`<section class="detail" aria-labelledby="opened">
    <${DetailHead} title=${`Letter ${id}`} back=${back}>
      <${Verb}
        verb="dead_letter.retry"
        args=${args}
        label="Retry"
        what="It is sent to the chat server again, as its newest notification."
      />
      <${Verb}
        verb="dead_letter.drop"
        args=${args}
        label="Drop"
        danger
        what="It is forgotten. The chat server never gets it."
      />
    <//>
    ${
      row
        ? html`<${Sentences} mood="bad" list=${row.reason ? [row.reason] : []} />
            <${Facts} row=${row} without=${["id", "reason"]} />`
        : html`<p class="empty">It is gone: sent again, or dropped.</p>`
    }
    ${row && knows("dead_letter.show") && html`<${Body} id=${id} />`}
  </section>`;
}

function Body({ id }) {
  const { found, fault } = useRead("dead_letter.show", { letter: id });
  if (fault) return html`<${Problem} fault=${fault} />`;
  if (!found) return html`<${Loading} />`;
  const body = found.body ?? found.letter ?? found;
  return html`<section class="block">
    <h3>What was to be told</h3>
    <pre tabindex="0">${typeof body === "string" ? body : JSON.stringify(body, null, 2)}</pre>
  </section>`;
}
