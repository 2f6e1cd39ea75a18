// The rooms; one opened: its members, the head of its graph, what waits, and how other servers see it.

import { knows } from "../api.js";
import { Verb } from "../ask.js";
import { List } from "../list.js";
import { useDetail, useRead, useTopic } from "../live.js";
import { html, useState } from "../preact.js";
import { DetailHead, Facts, Loading, Pill, Problem, Rows, Sentences, Time } from "../parts.js";
import { hrefOf, setFilter } from "../route.js";
import { count } from "../words.js";
import { Compared } from "./compared.js";
import { eventColumn } from "./servers.js";

const COLUMNS = [
  { name: "room_id", title: "Room", width: "minmax(11rem, 2fr)" },
  { name: "chat_room_id", title: "Chat server's id", width: "minmax(6rem, 1fr)" },
  { name: "type", title: "Type", width: "6rem", phone: true },
  { name: "phase", title: "Phase", width: "6rem", phone: true, show: (x) => html`<${Pill} word=${x.phase} />` },
  { name: "events", title: "Events", kind: "number", width: "6rem", phone: true, show: (x) => count(x.events) },
  { name: "extremities", title: "Ends", kind: "number", width: "4rem" },
  { name: "staged", title: "Staged", kind: "number", width: "5rem", show: (x) => x.staged || "" },
  { name: "waits_for", title: "Waits for", width: "minmax(8rem, 3fr)" },
];
const FREQUENT = [
  ["waiting", "waits_for:*"],
  ["channels", "type:channel"],
  ["direct", "type:dm"],
];

const isTrouble = (row) => Boolean(row.waits_for);

export function Rooms({ route }) {
  const topic = useTopic("rooms");
  return html`<${Problem} fault=${topic.fault} />
    <div class="split">
      <${List}
        label="Rooms"
        topic=${topic}
        columns=${COLUMNS}
        keyOf=${(row) => row.room_id}
        href=${(row) => hrefOf("rooms", row.room_id, route.filter)}
        isTrouble=${isTrouble}
        opened=${route.key}
        filter=${route.filter}
        onFilter=${setFilter}
        words=${FREQUENT}
      />
      ${
        route.key &&
        html`<${Room}
          key=${route.key}
          id=${route.key}
          back=${hrefOf("rooms", "", route.filter)}
          row=${topic.rows.get(route.key)}
        />`
      }
    </div>`;
}

function Room({ id, back, row }) {
  const { shown, fault } = useDetail("room.show", { room: id }, row);
  const room = row ?? shown?.room;
  return html`<section class="detail" aria-labelledby="opened">
    <${DetailHead} title=${id} state=${room?.phase} back=${back}>
      <${Verb}
        verb="room.resync"
        args=${{ room: id }}
        label="Resync"
        what="Its state is asked from the other servers of the room and resolved with ours."
      />
    <//>
    <${Problem} fault=${fault} />
    ${!shown && !fault && html`<${Loading} />`}
    ${
      shown &&
      html`<${Sentences} list=${shown.waits_for} total=${shown.waits_for_total} />
        <${Compare} id=${id} />
        <${Facts} row=${room} without=${["room_id", "phase", "waits_for"]} />
        <${Rows}
          caption="Ends of the event graph"
          rows=${shown.extremities}
          columns=${[eventColumn("event_id"), "type", "sender", "depth", "written_ts"]}
        />
        ${
          shown.staged?.length > 0 &&
          html`<${Rows}
            caption="Staged"
            rows=${shown.staged}
            total=${shown.staged_total}
            columns=${[eventColumn("event_id"), "origin", "received_ts", "waits_for"]}
          />`
        }
        <${Rows} caption="Servers" rows=${shown.servers} total=${shown.servers_total} columns=${SERVER} />
        ${
          shown.invitations?.length > 0 &&
          html`<${Rows}
            caption="Invitations"
            rows=${shown.invitations}
            total=${shown.invitations_total}
            columns=${["user_id", "direction", "state", "since_ts", "waits_for"]}
          />`
        }
        <${Rows} caption="Members" rows=${shown.members} total=${shown.members_total} columns=${MEMBER} />
        ${
          shown.actor &&
          html`<details>
            <summary>Its actor</summary>
            <${Facts} row=${shown.actor} />
          </details>`
        }`
    }
  </section>`;
}

const SERVER = [
  {
    name: "server_name",
    title: "Server",
    show: (x) => html`<a href=${hrefOf("servers", x.server_name)}>${x.server_name}</a>`,
  },
  "state",
  "queued",
  { name: "retry_at_ts", title: "Next try", show: (x) => html`<${Time} ts=${x.retry_at_ts} due />` },
];
const MEMBER = ["user_id", "membership", "display_name", "since_ts", "reason"];

/// Asks all servers of the room when somebody wants to know: it takes seconds and is traffic.
function Compare({ id }) {
  const [asked, ask] = useState(0);
  if (!knows("room.compare")) return null;
  return html`<section class="block" aria-label="Comparison">
    <button type="button" id="compare" onClick=${() => ask(asked + 1)}>
      ${asked ? "Compare again" : "Compare with the other servers' view"}
    </button>
    ${asked > 0 && html`<${Asked} id=${id} turn=${asked} />`}
  </section>`;
}

function Asked({ id, turn }) {
  const { found, fault } = useRead("room.compare", { room: id }, turn);
  if (fault) return html`<${Problem} fault=${fault} />`;
  return found ? html`<${Compared} answer=${found} />` : html`<${Loading} what="Asking the servers of the room" />`;
}
