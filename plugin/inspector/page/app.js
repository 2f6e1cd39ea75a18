// The page: its head, the way to the views, alarms, keys.

import { loadVerbs, locked, verbs } from "./api.js";
import { ReasonDialog } from "./ask.js";
import { Help, helpViews, keysEnabled } from "./help.js";
import { connection, pause, useTopic } from "./live.js";
import { html, render, useEffect, useShared } from "./preact.js";
import { Time } from "./parts.js";
import { go, hrefOf, useRoute } from "./route.js";
import { chosenTheme, nextTheme, theme } from "./theme.js";
import { Unlock } from "./unlock.js";
import { Actors } from "./views/actors.js";
import { Audit } from "./views/audit.js";
import { DeadLetters } from "./views/dead_letters.js";
import { Edge } from "./views/edge.js";
import { Invitations } from "./views/invitations.js";
import { Nodes } from "./views/nodes.js";
import { Overview } from "./views/overview.js";
import { Rooms } from "./views/rooms.js";
import { Servers } from "./views/servers.js";
import { Why } from "./views/why.js";

/// name, title, the letter after g, the view, the verb without which there is none.
const VIEWS = [
  ["overview", "Overview", "o", Overview, "status"],
  ["servers", "Servers", "s", Servers, "servers"],
  ["rooms", "Rooms", "r", Rooms, "rooms"],
  ["invitations", "Invitations", "i", Invitations, "invites"],
  ["actors", "Actors", "a", Actors, "actors"],
  ["edge", "Edge", "e", Edge, "edge"],
  ["nodes", "Nodes", "n", Nodes, "nodes"],
  ["dead-letters", "Dead letters", "d", DeadLetters, "dead_letters"],
  ["why", "Why", "w", Why, "why"],
  ["audit", "Audit", "u", Audit, "audit"],
];
const CHORD_MS = 1500;

const shown = () => VIEWS.filter(([, , , , verb]) => !verb || verbs.value.has(verb));

const STATES = {
  live: "Live",
  connecting: "Connecting",
  reconnecting: "Reconnecting",
  paused: "Paused",
};

const showHelp = () => helpViews.set(shown());

function Head({ about, onHelp }) {
  const state = useShared(connection);
  useShared(theme);
  return html`<header class="top">
    <p class="brand"><img src="icon.svg" alt="" width="24" height="24" /> Causeway</p>
    <p class="node">${about.server_name}<small> ${about.version}</small></p>
    <p class=${`connection ${state}`} id="connection">${STATES[state]}</p>
    <div class="buttons">
      <button type="button" id="pause" onClick=${() => pause(state !== "paused")}>
        ${state === "paused" ? "Resume" : "Pause"}
      </button>
      <button
        type="button"
        id="theme"
        onClick=${nextTheme}
        aria-label=${`Colours: ${chosenTheme()}`}
        title="Colours: as the system, light, dark"
      >
        <span aria-hidden="true">${{ auto: "◐", light: "☀", dark: "☾" }[chosenTheme()]}</span>
      </button>
      <button type="button" id="help" onClick=${onHelp} aria-label="Keys and help">
        <span aria-hidden="true">?</span>
      </button>
    </div>
  </header>`;
}

const Nav = ({ at }) =>
  html`<nav class="views" aria-label="Views">
    <ul>
      ${shown().map(
        ([name, title]) =>
          html`<li><a href=${hrefOf(name)} aria-current=${name === at ? "page" : undefined}>${title}</a></li>`,
      )}
    </ul>
  </nav>`;

/// What is wrong with the node as a whole, on every view. The only part that speaks by itself to a screen reader.
const Alarms = ({ topic }) =>
  html`<div class="alarms" id="alarms" role="region" aria-label="Alarms" aria-live="polite">
    ${[...topic.rows.values()].map(
      (each) =>
        html`<p key=${each.name}>
          <strong>${each.name}</strong> ${each.what} <small>since <${Time} ts=${each.since_ts} /></small>
        </p>`,
    )}
  </div>`;

function useKeys() {
  useEffect(() => {
    let since = 0;
    const pressed = (event) => {
      if (!keysEnabled() || event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
      if (event.target.closest("input, textarea, select, dialog")) {
        if (event.key === "Escape" && event.target.id === "filter") event.target.blur();
        return;
      }
      if (Date.now() - since < CHORD_MS) {
        since = 0;
        const view = shown().find(([, , key]) => key === event.key);
        if (view) {
          event.preventDefault();
          return go(view[0]);
        }
      }
      if (event.key === "g") since = Date.now();
      else if (event.key === "?") showHelp();
      else if (event.key === "p") pause(connection.value !== "paused");
      else if (event.key === "t") nextTheme();
      else if (event.key === "/") {
        event.preventDefault();
        document.querySelector("#filter, #why-id")?.focus();
      } else if (event.key === "Escape") document.querySelector("#close-detail")?.click();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}

/// Who opened something reads it first; who closed it goes on in the list.
function useFocusOnOpened({ view, key }) {
  useEffect(() => {
    if (!key) return undefined;
    document.querySelector("#opened")?.focus({ preventScroll: true });
    return () => document.querySelector(`[data-key="${CSS.escape(key)}"] a`)?.focus({ preventScroll: true });
  }, [view, key]);
}

function App() {
  const route = useRoute();
  const isLocked = useShared(locked);
  useShared(verbs);
  useKeys();
  useFocusOnOpened(route);
  const status = useTopic("status", !isLocked);
  useEffect(() => {
    if (!isLocked) loadVerbs().catch(() => {}); // a node that lists none has the first ones
  }, [isLocked]);
  const [name, title, , View] = shown().find(([each]) => each === route.view) ?? shown()[0] ?? VIEWS[0];
  useEffect(() => {
    document.title = `${route.key ? `${route.key} – ` : ""}${title} – Causeway inspector`;
  }, [title, route.key]);
  if (isLocked) return html`<${Unlock} />`;
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <${Head} about=${status.about} onHelp=${showHelp} />
    <${Nav} at=${name} />
    <main id="main" tabindex="-1" class=${route.key ? "with-detail" : ""}>
      <h1>${title}</h1>
      <${Alarms} topic=${status} />
      <${View} key=${name} route=${route} />
    </main>
  `;
}

/// The hash is the address of the view: the link must not change it.
function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

// Dialogs have a place of their own: one that is moved within the page is no dialog any more.
render(html`<${App} />`, document.getElementById("app"));
render(html`<${ReasonDialog} /><${Help} />`, document.getElementById("dialogs"));
