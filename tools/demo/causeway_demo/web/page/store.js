// What the server has told: documents under keys, and the two indexes that the page looks things up by.

export class Store {
  #documents = new Map();
  #rooms = new Map(); // side -> room id -> document
  #entries = new Map(); // side and room -> entry id -> document
  #people = new Map(); // side -> user -> document

  /// All documents anew: a list of [key, document].
  replace(documents) {
    this.#documents.clear();
    this.#rooms.clear();
    this.#entries.clear();
    this.#people.clear();
    this.apply(documents);
  }

  /// Those that have changed; null: the document is gone.
  apply(documents) {
    for (const [key, value] of documents) {
      keep(this.#documents, key.join("\n"), value);
      const [kind, side, room, entry] = key;
      if (kind === "room") keep(index(this.#rooms, side), room, value);
      if (kind === "entry") keep(index(this.#entries, `${side}\n${room}`), entry, value);
      if (kind === "person") keep(index(this.#people, side), room, value);
    }
  }

  get(...key) {
    return this.#documents.get(key.join("\n")) ?? null;
  }

  sides() {
    return ["A", "B"].filter((side) => this.get("side", side));
  }

  /// What a side knows of somebody: name, avatar, state, status, each where it was told.
  person(side, user) {
    return this.#people.get(side)?.get(user) ?? {};
  }

  /// The latest first.
  rooms(side) {
    return [...(this.#rooms.get(side)?.values() ?? [])].reverse();
  }

  /// What a room shows, in order.
  entries(side, room) {
    const found = [...(this.#entries.get(`${side}\n${room}`)?.values() ?? [])];
    return found.sort((a, b) => a.order - b.order);
  }

  entry(side, room, id) {
    const entries = this.#entries.get(`${side}\n${room}`);
    return entries?.get(id) ?? [...(entries?.values() ?? [])].find((each) => each.event_id === id) ?? null;
  }
}

function index(map, key) {
  if (!map.has(key)) map.set(key, new Map());
  return map.get(key);
}

function keep(map, key, value) {
  if (value === null) map.delete(key);
  else map.set(key, value);
}
