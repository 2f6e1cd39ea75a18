// The question before anything is changed: what happens, and why it is done. The reason stands in the audit.

import { change, knows } from "./api.js";
import { refresh } from "./live.js";
import { html, Shared, useEffect, useLayoutEffect, useRef, useShared, useState } from "./preact.js";
import { Problem } from "./parts.js";

const question = new Shared(null);
const REASON_CHARACTERS_MAX = 300; // of which each has at most three of the 1,000 bytes the node takes

/// Asks for the reason and runs `verb` with `args`. `what` says in a sentence what will happen.
export const ask = ({ title, what, verb, args, danger = false }) => question.set({ title, what, verb, args, danger });

/// The button of a verb; nothing where the node does not know it.
export function Verb({ verb, args, label, what, danger, disabled }) {
  if (!knows(verb)) return null;
  const title = `${label} ${Object.values(args).join(" ")}`;
  return html`<button
    type="button"
    class=${danger ? "danger-quiet" : ""}
    disabled=${disabled}
    onClick=${() => ask({ title, what, verb, args, danger })}
  >
    ${label}
  </button>`;
}

/// As one types it: `dead_letter.retry` is `dead-letters retry` there, `node.drain` is `drain`.
const commandLine = ({ verb, args }, reason) =>
  [
    "causeway",
    ...verb.replace("dead_letter", "dead-letters").replace(/^node\./, "").split("."),
    ...Object.values(args).map(quoted),
    "--reason",
    quoted(reason || "…"),
  ].join(" ");
const quoted = (text) => (/^[\w@:.\-/…]+$/.test(text) ? text : `'${String(text).replaceAll("'", "'\\''")}'`);

export function ReasonDialog() {
  const asked = useShared(question);
  return asked ? html`<${Open} key=${asked.verb + JSON.stringify(asked.args)} asked=${asked} />` : null;
}

function Open({ asked }) {
  const dialog = useRef(null);
  const done = useRef(null);
  const [state, set] = useState({ step: "asking" });
  const [reason, setReason] = useState("");
  useEffect(() => dialog.current.showModal(), []);
  useLayoutEffect(() => done.current?.focus(), [state.step]);
  const send = async (event) => {
    event.preventDefault();
    if (state.step === "sending") return;
    set({ step: "sending" });
    try {
      const answer = await change(asked.verb, { ...asked.args, reason: reason.trim() });
      set({ step: "done", answer });
      refresh();
    } catch (fault) {
      set({ step: "asking", fault });
    }
  };
  // The browser gives the focus back to the button that has asked, where that is still there.
  const close = () => dialog.current.close();
  const closed = () => {
    question.set(null);
    if (document.activeElement === document.body) document.querySelector("#opened")?.focus();
  };
  const body =
    state.step === "done"
      ? html`<p>Done. It stands in the audit with your reason.</p>
          <${Answer} answer=${state.answer} />
          <div class="row end"><button ref=${done} type="button" class="primary" onClick=${close}>Close</button></div>`
      : html`<form onSubmit=${send}>
          <p>${asked.what}</p>
          <p class="command"><code>${commandLine(asked, reason)}</code></p>
          <label for="reason">Reason <small>(required; kept in the audit)</small></label>
          <textarea
            id="reason"
            required
            maxlength=${REASON_CHARACTERS_MAX}
            rows="2"
            value=${reason}
            onInput=${(event) => {
              setReason(event.target.value);
              event.target.setCustomValidity(event.target.value.trim() ? "" : "Say why.");
            }}
          ></textarea>
          <${Problem} fault=${state.fault} />
          <div class="row end">
            <button type="button" onClick=${close}>Cancel</button>
            <button
              type="submit"
              class=${asked.danger ? "danger" : "primary"}
              aria-disabled=${state.step === "sending"}
            >
              ${state.step === "sending" ? "Working …" : asked.title.split(" ")[0]}
            </button>
          </div>
        </form>`;
  return html`<dialog ref=${dialog} aria-labelledby="ask-title" onClose=${closed}>
    <h2 id="ask-title">${asked.title}</h2>
    ${body}
  </dialog>`;
}

/// What a verb answered, where that is more than that it was done.
function Answer({ answer }) {
  const sentences = answer?.waits_for ?? answer?.sentences ?? [];
  const texts = [answer?.sentence, answer?.message, ...(Array.isArray(sentences) ? sentences : [])];
  return texts.filter((each) => typeof each === "string" && each).map((each) => html`<p>${each}</p>`);
}
