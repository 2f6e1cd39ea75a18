// What changes while one looks: lists by topic, kept up to date over one stream of server-sent events.
//
// A topic is a list of the node, read once by its verb and from then on changed row by row. Views say which topics they
// show (`useTopic`); the stream carries those and is opened anew when they change. It is opened before the list is
// read, and what comes meanwhile is applied to the list when that is there: nothing falls between the two. When the
// connection breaks the browser comes back with the id of the last event; the node goes on from there, or says `gap`:
// then the lists are read again.

import { read } from "./api.js";
import { Shared, useEffect, useState } from "./preact.js";

const AGAIN_MS = 2000;
// A long list is drawn anew less often: it is sorted each time.
const LONG_ROWS = 5000;
const DRAW_MS = 150;
const DRAW_LONG_MS = 2000;
const SERIES_MS = 600000;
// A browser has six connections to a node: a page that nobody sees leaves its one to others.
const UNSEEN_MS = 30000;

/// verb and arguments that read the list, the name of the list in the answer, and what names a row.
const TOPICS = {
  status: { verb: "status", rows: "alarms", key: (row) => row.name },
  servers: { verb: "servers", args: { limit: 20000 }, rows: "servers", key: (row) => row.server_name },
  rooms: { verb: "rooms", args: { limit: 20000 }, rows: "rooms", key: (row) => row.room_id },
  invitations: {
    verb: "invites",
    args: { all: true, limit: 20000 },
    rows: "invitations",
    key: (row) => `${row.room_id}|${row.user_id}`,
  },
  actors: { verb: "actors", args: { limit: 100000 }, rows: "actors", key: (row) => `${row.kind}|${row.key}` },
  edge: { verb: "edge", rows: "peers", key: (row) => row.peer },
  streams: { verb: "streams", rows: "streams", key: (row) => String(row.stream) },
  nodes: { verb: "nodes", rows: "nodes", key: (row) => row.incarnation },
  dead_letters: { verb: "dead_letters", args: { limit: 20000 }, rows: "dead_letters", key: (row) => row.id },
};

/// live, connecting, reconnecting or paused.
export const connection = new Shared("connecting");

class Topic {
  rows = new Map(); // key to row
  about = {}; // what else the answer says
  state = "loading";
  fault = null;
  version = 0;
  users = 0;
  #early = null; // changes that came while the list is read; null: it is not being read
  #timer = 0;
  #again = false;

  constructor(name) {
    this.name = name;
    this.how = TOPICS[name];
    this.changed = new Shared(0);
  }

  #tell(at_once) {
    ++this.version;
    if (at_once) {
      clearTimeout(this.#timer);
      this.#timer = 0;
      this.changed.set(this.version);
    } else if (!this.#timer) {
      this.#timer = setTimeout(
        () => {
          this.#timer = 0;
          this.changed.set(this.version);
        },
        this.rows.size > LONG_ROWS ? DRAW_LONG_MS : DRAW_MS,
      );
    }
  }

  async load() {
    if (this.#early) {
      this.#again = true; // what is under way may be from before
      return;
    }
    this.#early = [];
    try {
      const { [this.how.rows]: list, ...about } = await read(this.how.verb, this.how.args);
      this.rows = new Map((list ?? []).map((row) => [this.how.key(row), row]));
      this.about = about;
      this.state = "ready";
      this.fault = null;
    } catch (why) {
      this.fault = why;
      this.state = this.state === "ready" ? "ready" : "failed";
    }
    const early = this.#early;
    this.#early = null;
    for (const each of early) this.#apply(each);
    this.#tell(true);
    if (this.#again) {
      this.#again = false;
      this.load();
    }
  }

  change(what) {
    if (this.#early) return this.#early.push(what);
    this.#apply(what);
    this.#tell(false);
  }

  #apply({ changed = [], gone = [] }) {
    for (const row of changed) this.rows.set(this.how.key(row), row);
    for (const key of gone) this.rows.delete(typeof key === "string" ? key : this.how.key(key));
  }
}

/// Rates, queues and servers by state of the last ten minutes, a point a second. The node begins with those it has.
class Series {
  points = []; // [[ts, {name: number}]], oldest first
  users = 0;
  changed = new Shared(0);

  load() {} // it comes by itself

  change({ reset, points }) {
    const first = (points.at(-1)?.[0] ?? 0) - SERIES_MS;
    this.points = [...(reset ? [] : this.points), ...points].filter(([ts]) => ts >= first);
    this.changed.set(this.changed.value + 1);
  }
}

const topics = new Map();
let source = null;
let paused = false;
let planned = 0;

function topic(name) {
  if (!topics.has(name)) topics.set(name, name === "rates" ? new Series() : new Topic(name));
  return topics.get(name);
}

function close() {
  source?.close();
  source = null;
}

/// Opens the stream for the topics that are shown.
function open() {
  planned = 0;
  close();
  if (paused) return;
  const names = [...topics.keys()].sort();
  if (names.length === 0) return;
  if (connection.value !== "live") connection.set("connecting");
  const mine = new EventSource(`events?topics=${names.join(",")}`);
  source = mine;
  let opened = false;
  let resumable = false; // it has had an event that it can name when it comes back
  mine.onopen = () => {
    connection.set("live");
    // The same stream once more goes on where it broke; a new one begins with the whole lists.
    if (!resumable) for (const name of names) topics.get(name)?.load();
    opened = true;
  };
  mine.onerror = () => {
    if (mine !== source) return;
    connection.set("reconnecting");
    if (mine.readyState === EventSource.CLOSED) {
      // Refused: the node is full or stops. An EventSource does not try again then.
      close();
      if (!opened) for (const name of names) topics.get(name)?.load(); // perhaps it answers so much
      plan(AGAIN_MS);
    }
  };
  mine.addEventListener("gap", (event) => {
    resumable = true;
    const which = topicsOfGap(event.data);
    document.documentElement.dataset.gaps = String(Number(document.documentElement.dataset.gaps ?? 0) + 1);
    for (const [name, each] of topics) if (!which || which.includes(name)) each.load();
  });
  for (const name of names)
    mine.addEventListener(name, (event) => {
      resumable ||= event.lastEventId !== "";
      topics.get(name)?.change(JSON.parse(event.data));
    });
}

/// Names of the topics of which something was missed; null: of all.
function topicsOfGap(data) {
  try {
    const found = JSON.parse(data);
    return found.topics ?? (found.topic ? [found.topic] : null);
  } catch {
    return null;
  }
}

function plan(after_ms = 0) {
  if (planned) clearTimeout(planned);
  planned = setTimeout(open, after_ms);
}

export function pause(yes) {
  paused = yes;
  connection.set(yes ? "paused" : "connecting");
  clearTimeout(planned);
  if (yes) close();
  else plan();
}

let unseen = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(unseen);
  if (document.hidden) unseen = setTimeout(close, UNSEEN_MS);
  else if (!source) plan();
});
// A page that one may come back to keeps its connections, too.
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && plan());

/// Reads the lists again that are shown, after something was changed by hand.
export function refresh() {
  for (const each of topics.values()) each.load();
}

function take(name) {
  const mine = topic(name);
  if (mine.users++ === 0) plan();
}

function release(name) {
  const mine = topics.get(name);
  if (!mine || --mine.users > 0) return;
  // The next view takes it perhaps: only what is left unused is dropped.
  setTimeout(() => {
    if (mine.users > 0 || topics.get(name) !== mine) return;
    topics.delete(name);
    plan();
  });
}

/// {rows: Map, state: loading, ready or failed, fault, about, version} of a topic, as long as the component is shown.
export function useTopic(name, wanted = true) {
  const [, drawAgain] = useState(0);
  useEffect(() => {
    if (!wanted) return undefined;
    take(name);
    const deaf = topic(name).changed.listen(() => drawAgain((n) => n + 1));
    drawAgain((n) => n + 1);
    return () => {
      deaf();
      release(name);
    };
  }, [name, wanted]);
  return topics.get(name) ?? NOTHING;
}

/// [[ts, {name: number}]] of the last ten minutes.
export const useSeries = () => useTopic("rates").points ?? [];

const NOTHING = { rows: new Map(), about: {}, state: "loading", fault: null, version: 0 };

/// The answer of a verb that reads; asked again when `revision` changes. {found, fault}
export function useRead(verb, args, revision = 0) {
  const [state, set] = useState({});
  const key = JSON.stringify([verb, args]);
  useEffect(() => {
    const mine = new AbortController();
    read(verb, args, mine.signal).then(
      (found) => set({ key, found }),
      (fault) => fault.name !== "AbortError" && set({ key, fault }),
    );
    return () => mine.abort();
  }, [key, revision]);
  return state.key === key ? state : {};
}

/** One thing that is opened from a list: read again when its row changes, and the last answer stays while one is refused. */
export function useDetail(verb, args, row) {
  const { found, fault } = useRead(verb, args, JSON.stringify(row ?? null));
  const [last, keep] = useState(null);
  if (found && found !== last) keep(found);
  return { shown: found ?? last, fault };
}
