// The keys, in a dialog; and the switch that turns them off for who speaks to the computer.

import { html, Shared, useEffect, useRef, useShared, useState } from "./preact.js";

const KEY = "causeway-keys";

export function keysEnabled() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

/// What of the page others have made; each licence is a file of its own.
const LIBRARIES = [
  ["htm", "Apache-2.0"],
  ["preact", "MIT"],
  ["uplot", "MIT"],
];

const KEYS = [
  ["?", "this help"],
  ["/", "filter the list, or search"],
  ["↓ ↑ or j k", "next, previous row of a list"],
  ["Page, Home, End", "further in a list"],
  ["Enter", "open the row"],
  ["Esc", "close what is open"],
  ["p", "pause or resume"],
  ["t", "colours: as the system, light, dark"],
];

/// The views whose keys are told; null: the help is not shown.
export const helpViews = new Shared(null);

export function Help() {
  const views = useShared(helpViews);
  return views ? html`<${Open} views=${views} onClose=${() => helpViews.set(null)} />` : null;
}

function Open({ views, onClose }) {
  const dialog = useRef(null);
  const [on, setOn] = useState(keysEnabled());
  useEffect(() => dialog.current.showModal(), []);
  const turn = (event) => {
    setOn(event.target.checked);
    localStorage.setItem(KEY, event.target.checked ? "on" : "off");
  };
  const all = [...KEYS, ...views.map(([, title, key]) => [`g ${key}`, title])];
  return html`<dialog ref=${dialog} aria-labelledby="help-title" onClose=${onClose}>
    <h2 id="help-title">Keys</h2>
    <dl class="keys">
      ${all.map(
        ([key, what]) =>
          html`<div>
            <dt><kbd>${key}</kbd></dt>
            <dd>${what}</dd>
          </div>`,
      )}
    </dl>
    <p>
      <label class="check"><input type="checkbox" checked=${on} onChange=${turn} /> Keys of one letter are on</label>
    </p>
    <p class="hint">
      A filter's words must all be in a row; <code>field:word</code> looks in one field:${" "}
      <code>state:backing_off</code>; <code>failures:*</code> finds what has any.
    </p>
    <p class="hint" id="licences">
      Made with${" "}
      ${LIBRARIES.map(
        ([name, licence], i) =>
          html`${i > 0 && ", "}<a href=${`vendor/${name}/LICENSE`} target="_blank">${name} (licence ${licence})</a>`,
      )}.
    </p>
    <div class="row end">
      <button type="button" class="primary" onClick=${() => dialog.current.close()}>Close</button>
    </div>
  </dialog>`;
}
