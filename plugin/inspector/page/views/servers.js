// The other homeservers: who is owed something, who fails and when it is tried again.

import { knows } from "../api.js";
import { Verb } from "../ask.js";
import { List } from "../list.js";
import { useDetail, useTopic } from "../live.js";
import { html } from "../preact.js";
import { DetailHead, Facts, Id, Loading, Pill, Problem, Rows, Sentences, Time } from "../parts.js";
import { hrefOf, setFilter } from "../route.js";
import { count } from "../words.js";
import { LookedAt } from "./findings.js";

const COLUMNS = [
  { name: "server_name", title: "Server", width: "minmax(10rem, 2fr)" },
  { name: "state", title: "State", width: "8.5rem", phone: true, show: (x) => html`<${Pill} word=${x.state} />` },
  { name: "queued", title: "Queued", kind: "number", width: "5rem", phone: true, show: (x) => count(x.queued) },
  {
    name: "oldest_waiting_ts",
    title: "Oldest",
    width: "7rem",
    show: (x) => html`<${Time} ts=${x.oldest_waiting_ts} />`,
  },
  { name: "failures", title: "Failures", kind: "number", width: "5.5rem", show: (x) => x.failures || "" },
  {
    name: "retry_at_ts",
    title: "Next try",
    width: "7rem",
    phone: true,
    show: (x) => html`<${Time} ts=${x.retry_at_ts} due />`,
  },
  { name: "last_fault", title: "Last fault", width: "minmax(8rem, 3fr)" },
];
const FREQUENT = [
  ["backing off", "state:backing_off"],
  ["waiting", "state:waiting"],
  ["never answered", "state:never_contacted"],
];

const isTrouble = (row) => Boolean(row.waits_for);

export function Servers({ route }) {
  const topic = useTopic("servers");
  return html`<${Problem} fault=${topic.fault} />
    <div class="split">
      <${List}
        label="Servers"
        topic=${topic}
        columns=${COLUMNS}
        keyOf=${(row) => row.server_name}
        href=${(row) => hrefOf("servers", row.server_name, route.filter)}
        isTrouble=${isTrouble}
        opened=${route.key}
        filter=${route.filter}
        onFilter=${setFilter}
        words=${FREQUENT}
      />
      ${
        route.key &&
        html`<${Server}
          key=${route.key}
          name=${route.key}
          back=${hrefOf("servers", "", route.filter)}
          row=${topic.rows.get(route.key)}
        />`
      }
    </div>`;
}

function Server({ name, back, row }) {
  // What is in the list changes as it does; the rest is read again when that happens.
  const { shown, fault } = useDetail("server.show", { server: name }, row);
  const server = row ?? shown?.server;
  const paused = server?.paused_since_ts > 0;
  const args = { server: name };
  return html`<section class="detail" aria-labelledby="opened">
    <${DetailHead} title=${name} state=${server?.state} back=${back}>
      <${Verb}
        verb="server.retry"
        args=${args}
        label="Retry"
        what="The next attempt to reach it is made now, not when its back-off ends."
      />
      ${
        paused
          ? html`<${Verb}
              verb="server.resume"
              args=${args}
              label="Resume"
              what="What is queued for it is sent again."
            />`
          : html`<${Verb}
              verb="server.pause"
              args=${args}
              label="Pause"
              danger
              what="Nothing is sent to it until it is resumed. What is owed to it stays queued."
            />`
      }
    <//>
    <${Problem} fault=${fault} />
    ${!shown && !fault && html`<${Loading} />`}
    ${
      shown &&
      html`<${Sentences}
          list=${shown.waits_for}
          mood=${server?.failures > 0 ? "bad" : server?.waits_for ? "wait" : "good"}
        />
        <${LookedAt} name=${name} />
        <${Facts} row=${server} without=${["server_name", "state", "waits_for"]} />
        <${Ephemeral} of=${shown.ephemeral} />
        <${Errors} caption="Last errors since its actor was loaded" list=${shown.errors} />
        <${Rows}
          caption="Queue"
          rows=${shown.queue}
          total=${server?.queued}
          columns=${["event_id", "type", "sender", "written_ts"].map(eventColumn)}
        />
        ${
          shown.refused?.length > 0 &&
          html`<${Rows} caption="Refused by it" rows=${shown.refused} total=${server?.refused} />`
        }
        <${Errors} caption="Errors that we returned to it" list=${shown.returned} />
        ${
          shown.staged?.length > 0 &&
          html`<${Rows}
            caption="Events of it that wait here"
            rows=${shown.staged}
            total=${shown.staged_total}
            columns=${[eventColumn("event_id"), ROOM, "received_ts", "waits_for"]}
          />`
        }
        ${
          shown.rooms?.length > 0 &&
          html`<${Rows}
            caption="Rooms shared"
            rows=${shown.rooms}
            total=${shown.rooms_total}
            columns=${[ROOM, "chat_room_id"]}
          />`
        }
        ${
          shown.invitations?.length > 0 &&
          html`<${Rows}
            caption="Invitations"
            rows=${shown.invitations}
            columns=${["user_id", "direction", "state", "waits_for"]}
          />`
        }
        <${Rows} caption="Keys" rows=${shown.keys} columns=${["key_id", "public_key", "valid_until_ts", "old"]} />
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

/// An event's id leads to its path, where the node can tell it.
export const eventColumn = (name) =>
  name === "event_id"
    ? {
        name,
        title: "Event",
        show: (row) =>
          knows("why")
            ? html`<a href=${hrefOf("why", row.event_id)}><code>${row.event_id}</code></a>`
            : html`<${Id} text=${row.event_id} />`,
      }
    : name;

const ROOM = {
  name: "room_id",
  title: "Room",
  show: (x) => html`<a href=${hrefOf("rooms", x.room_id)}>${x.room_id}</a>`,
};

const Ephemeral = ({ of }) =>
  of?.queued > 0
    ? html`<p>
        <strong>${count(of.queued)}</strong> ephemeral items wait beside the events, the oldest since${" "}
        <${Time} ts=${of.oldest_ts} />.
      </p>`
    : null;

const Errors = ({ caption, list }) =>
  list?.length > 0
    ? html`<section class="block">
        <h3>${caption} <small>${list.length}</small></h3>
        <ol class="errors">
          ${list.map(
            ({ ts, phase, text }) => html`<li><${Time} ts=${ts} /> <${Pill} word=${phase} /> <span>${text}</span></li>`,
          )}
        </ol>
      </section>`
    : null;
