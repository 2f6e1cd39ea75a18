// What the page asks the node: the same verbs as `causeway`, the same JSON.

import { Shared } from "./preact.js";

/// The node said no, or did not answer. `whatToDo` may be empty.
export class Refused extends Error {
  constructor({ code, message, detail, what_to_do: whatToDo }, status) {
    super(message || detail || code);
    this.code = code;
    this.status = status;
    this.whatToDo = whatToDo ?? "";
  }
}

/// Set while the node asks for its token.
export const locked = new Shared(false);

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch (why) {
    if (why.name === "AbortError") throw why;
    throw new Refused({ code: "no_answer", message: "The node does not answer." }, 0);
  }
  let body;
  try {
    body = await response.json();
  } catch {
    body = { code: `http_${response.status}`, message: `The node answered with status ${response.status}.` };
  }
  if (response.status === 401) locked.set(true);
  if (!response.ok) throw new Refused(body, response.status);
  return body;
}

/// A verb that only reads. Arguments that are empty are left out.
export function read(verb, args = {}, signal) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(args))
    if (value !== "" && value !== undefined && value !== false) query.set(name, String(value));
  const text = query.toString();
  return ask(`api/${verb}${text ? `?${text}` : ""}`, { signal });
}

/// A verb that changes something; `args.reason` says why. The header keeps other pages from sending forms here.
export const change = (verb, args) =>
  ask(`api/${verb}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Causeway": "1" },
    body: JSON.stringify(args),
  });

// Verbs that every node has; a newer one lists its own.
const FIRST_VERBS = [
  "rooms",
  "room.show",
  "servers",
  "server.show",
  "server.retry",
  "invites",
  "invite.show",
  "actors",
  "keys",
  "receipts",
  "status",
  "dead_letters",
  "dead_letter.retry",
  "dead_letter.drop",
];

/// Name to {name, changes, doc} of each verb that the node knows.
export const verbs = new Shared(new Map(FIRST_VERBS.map((name) => [name, { name }])));

export async function loadVerbs() {
  const found = await read("commands");
  const list = found.commands ?? found.verbs ?? [];
  verbs.set(new Map(list.map((each) => (typeof each === "string" ? [each, { name: each }] : [each.name, each]))));
}

export const knows = (verb) => verbs.value.has(verb);
