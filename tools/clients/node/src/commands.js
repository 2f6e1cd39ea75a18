"use strict";

const { randomBytes } = require("node:crypto");

const { CommandError, CommandTimeout } = require("./errors.js");
const protocol = require("./protocol.js");

const { verb } = protocol;

// Commands that may wait here; one more is refused at once.
const COMMANDS_MAX = 10_000;
// A command refused for want of room is repeated after this.
const BUSY_MS = 100;
const BUSY_CODES = ["credit_exceeded", "overloaded", "stopping"];
// Ignored fields that are kept for the caller to see.
const IGNORED_MAX = 100;
const PART_BYTES_MAX = 512 * 1024;

/**
 * Commands without a RESULT: sent in the order they were begun, within the broker's credit, again on every new
 * connection.
 */
class Commands {
  #connection;
  #log;
  #calls = new Map(); // id -> call
  #waiting = new Map(); // those not sent on this connection, in order
  #sent = new Map(); // id -> bytes, on this connection
  #sentBytes = 0;
  #busy; // timer
  #number = 0;
  /**
   * Fields the broker does not know, as [command, field], each once: misspelt, or the broker is older than the
   * caller.
   */
  ignored = [];

  constructor(connection, log) {
    this.#connection = connection;
    this.#log = log;
  }

  get open() {
    return this.#calls.size;
  }

  /** See Client.command. */
  run(name, body, { id = randomBytes(16).toString("hex"), timeoutMs = 30_000, traceparent } = {}) {
    return new Promise((resolve, reject) => {
      const command = protocol.encode(verb.COMMAND, { id: protocol.checkedId(id), command: name, traceparent }, body);
      const frames = protocol.checked(name, command);
      let call = this.#calls.get(id);
      if (!call) {
        if (this.#calls.size >= COMMANDS_MAX) {
          throw new CommandError({
            code: "overloaded",
            detail: `${COMMANDS_MAX} commands wait for the broker`,
            retryable: true,
          });
        }
        // Of a media.get the part it asks for counts too.
        const size = frames[3].length + (name === "media.get" ? (body.length ?? PART_BYTES_MAX) : 0);
        call = { id, name, frames, size, number: ++this.#number, waiters: new Set() };
        this.#calls.set(id, call);
        this.#waiting.set(id, call);
      }
      const waiter = { resolve, reject };
      waiter.timer = setTimeout(() => {
        call.waiters.delete(waiter);
        if (call.waiters.size === 0) this.#end(id);
        reject(new CommandTimeout(name, id));
      }, timeoutMs);
      call.waiters.add(waiter);
      this.send();
    });
  }

  /** A new connection: all of them are sent again. */
  restart() {
    this.#sent.clear();
    this.#sentBytes = 0;
    this.#waiting = new Map(this.#calls);
    clearTimeout(this.#busy);
    this.#busy = undefined;
    this.send();
  }

  send() {
    const credit = this.#connection.welcome?.command_credit;
    if (!credit || this.#busy) return;
    for (const [id, call] of this.#waiting) {
      if (this.#sent.size >= credit.messages) return;
      if (this.#sent.size > 0 && this.#sentBytes + call.size > credit.bytes) return;
      // One that is not taken stays here, so that none overtakes it, and it is not sent at all when nobody waits for
      // it any more.
      if (!this.#connection.takeCommand(call.frames)) return;
      this.#waiting.delete(id);
      this.#sent.set(id, call.size);
      this.#sentBytes += call.size;
    }
  }

  answered({ id, ok, ignored }, body) {
    const call = this.#calls.get(id);
    if (call && Array.isArray(ignored)) this.#noteIgnored(call.name, ignored);
    if (ok) return this.#end(id, (waiter) => waiter.resolve(body));
    if (!BUSY_CODES.includes(body.code)) return this.refused(id, body);
    this.#forget(id);
    if (!call) return undefined;
    this.#waiting.set(id, call); // in its place: those begun before it come before it
    this.#waiting = new Map([...this.#waiting].sort(([, a], [, b]) => a.number - b.number));
    this.#busy ??= setTimeout(() => {
      this.#busy = undefined;
      this.send();
    }, BUSY_MS);
    return undefined;
  }

  refused(id, fault) {
    this.#end(id, (waiter) => waiter.reject(new CommandError(fault)));
  }

  close() {
    clearTimeout(this.#busy);
    for (const id of [...this.#calls.keys()])
      this.refused(id, { code: "stopping", detail: "the client is closed", retryable: true });
  }

  #forget(id) {
    this.#sentBytes -= this.#sent.get(id) ?? 0;
    this.#sent.delete(id);
  }

  #end(id, tell) {
    this.#forget(id);
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    this.#waiting.delete(id);
    for (const waiter of call?.waiters ?? []) {
      clearTimeout(waiter.timer);
      tell(waiter);
    }
    this.send();
  }

  #noteIgnored(name, fields) {
    for (const field of fields) {
      if (this.ignored.some(([command, known]) => command === name && known === field)) continue;
      this.ignored.push([name, field]);
      if (this.ignored.length > IGNORED_MAX) this.ignored.shift();
      this.#log(`the broker does not know the field ${field} of ${name}, and did without it`);
    }
  }
}

module.exports = { Commands, PART_BYTES_MAX };
