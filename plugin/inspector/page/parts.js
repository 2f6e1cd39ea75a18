// Small parts that all views are made of. What comes from the network is a text of the page, never markup.

import { html, Shared, useShared, useState } from "./preact.js";
import { absolute, bytes, count, duration, heading, relative } from "./words.js";

const clock = new Shared(Date.now());
setInterval(() => document.hidden || clock.set(Date.now()), 1000);

/// Milliseconds since 1970, anew every second.
export const useNow = () => useShared(clock);

/// A time as the distance from now; its title says when that is. `due`: of what happens then, now is the last word.
export function Time({ ts, none = "–", due = false }) {
  const now = useNow();
  if (!ts) return html`<span class="none">${none}</span>`;
  return html`<time datetime=${new Date(ts).toISOString()} title=${absolute(ts)}
    >${due && ts < now ? "now" : relative(ts, now)}</time
  >`;
}

/// How a word of state is coloured; the word itself says the same.
const MOODS = {
  good: "healthy joined running active accepted ok delivered acknowledged same join done",
  busy: "standby sending joining wanted invite pending knock info sent begun",
  wait: "waiting drained staged backing_off revoked_unconfirmed warning paused restarting unknown in_flight queued",
  bad:
    "never_contacted parked dead failed banned ban critical different refused " +
    "well-known DNS TCP TLS HTTP signature body gateway", // the phases that an attempt fails in
};
const MOOD = new Map(Object.entries(MOODS).flatMap(([mood, words]) => words.split(" ").map((word) => [word, mood])));

export const moodOf = (word) => MOOD.get(word) ?? "past";

export const Pill = ({ word, title }) =>
  word ? html`<span class=${`pill ${moodOf(word)}`} title=${title}>${word.replaceAll("_", " ")}</span>` : null;

/// A long name that may be copied.
export function Id({ text }) {
  const [copied, set] = useState(false);
  if (!text) return html`<span class="none">–</span>`;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return html`<span class="id"
    ><code>${text}</code
    ><button class="quiet" type="button" onClick=${copy} aria-label=${`Copy ${text}`}>
      ${copied ? "copied" : "copy"}
    </button></span
  >`;
}

/// A sentence of the node; what stands between backticks is a command.
export const Prose = ({ text }) =>
  text.split("`").map((each, i) => (i % 2 ? html`<code class="inline">${each}</code>` : each));

/// What an operator should read first.
export const Sentences = ({ list, total, mood = "wait" }) =>
  list?.length
    ? html`<ul class=${`callout ${mood}`}>
        ${list.map((each) => html`<li><${Prose} text=${each} /></li>`)}
        ${total > list.length && html`<li>${count(total - list.length)} more</li>`}
      </ul>`
    : null;

/// A fault of the node, with what to do about it.
export const Problem = ({ fault }) =>
  fault
    ? html`<div class="callout bad" role="alert">
        <p><strong>${fault.code?.replaceAll("_", " ") ?? "error"}</strong>: ${fault.message}</p>
        ${fault.whatToDo && html`<p>${fault.whatToDo}</p>`}
      </div>`
    : null;

export const Loading = ({ what = "Loading" }) => html`<p class="empty">${what} …</p>`;

const STATES = ["state", "phase", "membership", "result", "severity", "verdict"];

/// A value by the name of its field: times, states, truths and lists as one reads them best.
export function Value({ name, value }) {
  if (value === null || value === undefined || value === "") return html`<span class="none">–</span>`;
  if (/(^|_)ts$/.test(name)) return html`<${Time} ts=${value} due=${name === "retry_at_ts"} />`;
  if (STATES.includes(name)) return html`<${Pill} word=${String(value)} />`;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (name.endsWith("_ms") && typeof value === "number") return duration(value);
  if (name.endsWith("bytes") && typeof value === "number") return bytes(value);
  if (typeof value === "number") return html`<span class="number">${value.toLocaleString("en-GB")}</span>`;
  if (/(^|_)id$|^server_name$|_key$/.test(name)) return html`<${Id} text=${value} />`;
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return value.join(", ") || "–";
  if (typeof value === "object") return html`<pre tabindex="0">${JSON.stringify(value, null, 2)}</pre>`;
  return String(value);
}

const LONG_CHARACTERS = 22;

/// A time that is not set says nothing; a count of nothing does.
const says = (name, value) => value !== "" && !(/(^|_)ts$/.test(name) && value === 0);

/// The fields of a row; those in `without` stand elsewhere.
export function Facts({ row, without = [] }) {
  const shown = Object.entries(row ?? {}).filter(([name, value]) => !without.includes(name) && says(name, value));
  return html`<dl class="facts">
    ${shown.map(
      ([name, value]) =>
        html`<div class=${typeof value === "object" || String(value).length > LONG_CHARACTERS ? "long" : ""}>
          <dt>${heading(name)}</dt>
          <dd><${Value} name=${name} value=${value} /></dd>
        </div>`,
    )}
  </dl>`;
}

/// A short list as a table. `columns`: names of fields, or {name, title, show(row)}.
export function Rows({ caption, rows, columns, total, none = "None.", level = 3 }) {
  const heading_of = `h${level}`;
  const list = rows ?? [];
  const shown = columns ?? Object.keys(list[0] ?? {});
  const all = shown.map((each) => (typeof each === "string" ? { name: each } : each));
  const more = total > list.length ? ` (${list.length} of ${total.toLocaleString("en-GB")} shown)` : "";
  if (!list.length)
    return html`<section class="block">
      <${heading_of}>${caption}<//>
      <p class="empty">${none}</p>
    </section>`;
  return html`<section class="block">
    <${heading_of}>${caption} <small>${more || list.length}</small><//>
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <thead>
          <tr>
            ${all.map((each) => html`<th scope="col">${each.title ?? heading(each.name)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${list.map(
            (row) =>
              html`<tr>
                ${all.map(
                  (each) =>
                    html`<td class=${each.kind}>
                      ${each.show ? each.show(row) : html`<${Value} name=${each.name} value=${row[each.name]} />`}
                    </td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/// The head of what was opened: its name, its state, what can be done.
export const DetailHead = ({ title, state, back, children }) =>
  html`<header class="detail-head">
    <h2 id="opened" tabindex="-1">${title} <${Pill} word=${state} /></h2>
    <div class="buttons">
      ${children}<a class="button quiet" href=${back} id="close-detail" aria-label="Close">✕</a>
    </div>
  </header>`;
