"use strict";

const { sizeOf } = require("./protocol.js");

// What may wait for a broker that does not read. Commands are none of it: they wait as calls, within the broker's
// command credit.
const MESSAGES_MAX = 10_000;
const BYTES_MAX = 16 * 1024 * 1024;

/**
 * Messages that the socket has not taken yet, in order. They belong to one connection; the next one begins without
 * them.
 */
class Unsent {
  #messages = [];
  #first = 0; // a shift() of a long array moves all of it
  #bytes = 0;

  get length() {
    return this.#messages.length - this.#first;
  }

  /**
   * Hands it to `take`, or keeps it for `flush`, behind what waits. False: the queue is at its bound, the message is
   * nowhere.
   */
  send(take, frames) {
    if (this.length === 0 && take(frames)) return true;
    const size = sizeOf(frames);
    if (this.length >= MESSAGES_MAX || this.#bytes + size > BYTES_MAX) return false;
    this.#messages.push(frames);
    this.#bytes += size;
    return true;
  }

  /** Sends what waits, as far as it is taken. True: nothing waits any more. */
  flush(take) {
    while (this.length > 0) {
      const frames = this.#messages[this.#first];
      if (!take(frames)) return false;
      this.#bytes -= sizeOf(frames);
      this.#messages[this.#first++] = undefined;
    }
    this.clear();
    return true;
  }

  clear() {
    this.#messages = [];
    this.#first = 0;
    this.#bytes = 0;
  }
}

module.exports = { Unsent };
