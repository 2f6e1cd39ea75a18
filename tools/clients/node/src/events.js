"use strict";

const protocol = require("./protocol.js");

const { verb } = protocol;

// One ACK answers for all events acknowledged meanwhile. The broker writes ACKs every 50 ms, so nobody waits for it.
const ACK_MS = 20;
// ACKs with bindings kept per stream, for events that come again because the connection broke before the broker had
// read them.
const BOUND_ACKS_MAX = 1_000;

/** A notification. Durable ones have `stream` and `cursor` and come again until they are acknowledged. */
class Event {
  #events;
  #settled = false;

  constructor(events, { name, body, stream, cursor, traceparent }) {
    this.#events = events;
    this.name = name;
    this.body = body;
    this.stream = stream;
    this.cursor = cursor;
    this.traceparent = traceparent;
  }

  get durable() {
    return this.cursor !== undefined;
  }

  /** Whether it was acknowledged or refused. */
  get settled() {
    return this.#settled;
  }

  /**
   * This event, and all before it of its stream, are done with. `bind` tells your ids of what it named: {matrix id:
   * own id} each.
   */
  ack(bind) {
    if (!this.durable) return;
    this.#events.ack(this, bind);
    this.#settled = true;
  }

  /** Permanent: put it aside and go on. Otherwise it comes again after a while, and so does what follows it. */
  nack({ permanent = false, reason = "" } = {}) {
    if (!this.durable) return;
    this.#settled = true;
    this.#events.nack(this, permanent, reason);
  }
}

/** Events that wait to be taken, how far each stream has come, and the credit that goes back as they are taken. */
class Events {
  #connection;
  #credit;
  #queue = []; // {event, size}
  #takers = []; // those who wait for an event
  #streams = new Map();
  #acks = new Map(); // stream -> cursor: not sent yet
  #acksDue; // timer
  #consumed = { messages: 0, bytes: 0 };
  #closed = false;

  constructor(connection, credit) {
    this.#connection = connection;
    this.#credit = credit;
  }

  /** For a HELLO: what may come besides what waits here. */
  remainingCredit() {
    this.#consumed = { messages: 0, bytes: 0 };
    const waiting = this.#queue.reduce((sum, { size }) => sum + size, 0);
    return {
      messages: Math.max(0, this.#credit.messages - this.#queue.length),
      bytes: Math.max(0, this.#credit.bytes - waiting),
    };
  }

  /** What waits was for the connection that is no more; events without an ACK come again. */
  lost() {
    this.#acks.clear();
  }

  welcomed({ acked }) {
    for (const [number, stream] of this.#streams) {
      const known = acked?.[number] ?? 0;
      for (const cursor of stream.bound.keys()) if (cursor <= known) stream.bound.delete(cursor);
      // What waited was dropped; all after the last ACK comes again.
      for (const { isSeek, cursor } of stream.asked)
        stream.seen = Math.min(stream.seen, isSeek ? stream.finished : cursor - 1);
      stream.asked = [];
    }
  }

  happened({ event: name, ...header }, body, size) {
    if (typeof name !== "string") throw new TypeError("an EVENT without name");
    const number = header.stream ?? undefined;
    const cursor = header.cursor ?? undefined;
    if (cursor !== undefined) {
      const stream = this.#stream(number);
      if (stream.asked.length > 0) return this.#take(1, size); // on its way before the NACK or SEEK
      if (cursor <= stream.seen) {
        // Handed out before. Where the application is done with it, the broker only missed the ACK.
        if (cursor <= stream.finished) this.#acknowledge(number, cursor);
        return this.#take(1, size);
      }
      stream.seen = cursor;
    }
    const traceparent = header.traceparent ?? undefined;
    this.#queue.push({ event: new Event(this, { name, body, stream: number, cursor, traceparent }), size });
    const taker = this.#takers.shift();
    if (taker) taker(this.#shift());
    return undefined;
  }

  /** The next event, in order per stream; undefined when none comes in time, or after the end. */
  next(timeoutMs) {
    if (this.#queue.length > 0) return Promise.resolve(this.#shift());
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      let timer;
      const taker = (event) => {
        clearTimeout(timer);
        resolve(event);
      };
      this.#takers.push(taker);
      if (timeoutMs === undefined) return;
      timer = setTimeout(() => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        resolve(undefined);
      }, timeoutMs);
    });
  }

  ack({ stream: number, cursor }, { rooms = {}, messages = {} } = {}) {
    const bind = Object.fromEntries(
      Object.entries({ rooms, messages }).filter(([, names]) => Object.keys(names).length > 0),
    );
    const hasNames = Object.keys(bind).length > 0;
    const frames = protocol.checked(
      "ACK",
      protocol.encode(verb.ACK, { stream: number, cursor }, hasNames ? { bind } : undefined),
    );
    const stream = this.#stream(number);
    stream.finished = Math.max(stream.finished, cursor);
    if (hasNames) {
      stream.bound.set(cursor, frames);
      if (stream.bound.size > BOUND_ACKS_MAX) stream.bound.delete(stream.bound.keys().next().value);
    }
    this.#acknowledge(number, cursor);
  }

  nack({ stream: number, cursor }, permanent, reason) {
    const stream = this.#stream(number);
    if (!permanent) {
      this.#drop(number);
      if (this.#connection.welcome) stream.asked.push({ isSeek: false, cursor });
      else stream.seen = Math.min(stream.seen, cursor - 1);
    }
    if (!this.#connection.welcome) return;
    this.sendAcks();
    const header = { stream: number, cursor, permanent, reason: protocol.cut(reason, protocol.REASON_BYTES_MAX) };
    this.#connection.send(protocol.encode(verb.NACK, header));
  }

  seek(number, cursor) {
    this.#drop(number);
    const stream = this.#stream(number);
    if (!this.#connection.welcome) {
      stream.seen = Math.min(stream.seen, stream.finished); // after a reconnect the broker goes on after the last ACK
      return;
    }
    stream.asked.push({ isSeek: true, cursor });
    this.sendAcks();
    this.#connection.send(protocol.encode(verb.SEEK, { stream: number, cursor }));
  }

  /** The broker's answer to a NACK or SEEK: events are of the new pass from here on. */
  positioned({ stream: number, cursor, granted }) {
    const stream = this.#stream(number);
    const asked = stream.asked.shift();
    if (!asked) return;
    stream.seen = granted ? cursor : Math.min(stream.seen, stream.finished);
    if (granted && asked.isSeek) stream.finished = cursor;
  }

  sendAcks() {
    clearTimeout(this.#acksDue);
    this.#acksDue = undefined;
    for (const [stream, cursor] of this.#acks) this.#connection.send(protocol.encode(verb.ACK, { stream, cursor }));
    this.#acks.clear();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#acksDue);
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #stream(number) {
    if (!this.#streams.has(number)) {
      // seen: highest cursor queued; finished: highest acknowledged by the application; bound: cursor -> ACK with
      // bindings that the broker may not have read; asked: NACKs and SEEKs without an answer, events that come
      // meanwhile are void
      this.#streams.set(number, { seen: 0, finished: 0, bound: new Map(), asked: [] });
    }
    return this.#streams.get(number);
  }

  #shift() {
    const { event, size } = this.#queue.shift();
    this.#take(1, size);
    return event;
  }

  /** The application gets no event of the pass it has refused. */
  #drop(number) {
    const dropped = this.#queue.filter(({ event }) => event.stream === number);
    this.#queue = this.#queue.filter(({ event }) => event.stream !== number);
    this.#take(
      dropped.length,
      dropped.reduce((sum, { size }) => sum + size, 0),
    );
  }

  /** With the next frame of ACKs; at once where it has bindings, which hold for the next command. */
  #acknowledge(number, cursor) {
    if (!this.#connection.welcome) return;
    const bound = this.#stream(number).bound.get(cursor);
    if (bound) {
      if ((this.#acks.get(number) ?? cursor + 1) <= cursor) this.#acks.delete(number);
      this.#connection.send(bound);
      return;
    }
    this.#acks.set(number, Math.max(cursor, this.#acks.get(number) ?? 0));
    this.#acksDue ??= setTimeout(() => this.sendAcks(), ACK_MS);
  }

  /** Credit goes back when half of it is used up: few CREDIT frames, never a stop. */
  #take(messages, bytes) {
    this.#consumed.messages += messages;
    this.#consumed.bytes += bytes;
    const enough =
      this.#consumed.messages * 2 >= this.#credit.messages || this.#consumed.bytes * 2 >= this.#credit.bytes;
    if (!this.#connection.welcome || !enough) return;
    this.#connection.send(protocol.encode(verb.CREDIT, this.#consumed));
    this.#consumed = { messages: 0, bytes: 0 };
  }
}

module.exports = { Event, Events };
