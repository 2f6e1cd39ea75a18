"use strict";

const zmq = require("zeromq");

const protocol = require("./protocol.js");
const { Unsent } = require("./unsent.js");

const { verb } = protocol;

const HELLO_INTERVAL_MS = 1_000;
const TICK_MS = 100;
// The package does not tell when a full socket has room again: it is asked this often, and only while something waits.
const RETRY_MS = 10;
// What was handed over at the end may take so long to leave.
const CLOSING_MS = 200;

/**
 * One socket, and what keeps a connection alive on it: HELLO on every new one, heartbeats, and messages that the
 * socket has no room for, in order. What it hears goes to its owner: `hello()` gives the header of a HELLO,
 * `welcomed(header)`, `lost()`, `heard(message)`, `hasRoom()`, `troubled(code, detail)`.
 */
class Connection {
  #owner;
  #options;
  #socket;
  #unsent = new Unsent();
  #welcome;
  #blocked = false; // the owner has a command that the socket did not take
  #beginAnew = false; // what waits is at its bound
  #lastHeard = 0;
  #lastPing = 0;
  #helloSent = 0;
  #ticker;
  #retry;

  constructor(owner, options) {
    this.#owner = owner;
    this.#options = options;
    this.#open();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Header of the WELCOME; undefined while there is no connection. */
  get welcome() {
    return this.#welcome;
  }

  get unsent() {
    return this.#unsent.length;
  }

  /**
   * In order, behind what waits. At the bound nothing is left out: the connection begins anew, and what matters is
   * repeated then.
   */
  send(frames) {
    if (this.trySend(frames)) return;
    this.#beginAnew = true;
    this.#owner.troubled(
      "overloaded",
      `${this.unsent} messages wait for a broker that reads nothing: the connection begins anew`,
    );
  }

  /** The same for what may be left out. False: it was. */
  trySend(frames) {
    if (this.#beginAnew) return true;
    const sent = this.#unsent.send(this.#take, frames);
    if (this.unsent > 0) this.#retryLater();
    return sent;
  }

  /** For commands, which their owner keeps until they are taken. False: not taken; `hasRoom` says when to try again. */
  takeCommand(frames) {
    if (!this.#beginAnew && this.unsent === 0 && this.#take(frames)) return true;
    this.#blocked = true;
    this.#retryLater();
    return false;
  }

  /** Says BYE and closes the socket, when what waits has left or has had its time. */
  async close() {
    clearInterval(this.#ticker);
    if (this.#welcome) {
      this.send(protocol.encode(verb.BYE, { reason: "closing" }));
      const deadline = Date.now() + CLOSING_MS;
      while (!this.#unsent.flush(this.#take) && Date.now() < deadline)
        await new Promise((done) => setTimeout(done, RETRY_MS));
    }
    clearTimeout(this.#retry);
    this.#closeSocket(CLOSING_MS);
  }

  // Hands a message to the socket. False: it has no room, or no connection; nothing of the message was taken. A
  // socket that is writable takes all four frames. It fails only where the connection ends between two, and then a
  // HELLO follows on the next one.
  #take = (frames) => {
    if (!this.#socket?.writable) return false;
    this.#socket.send(frames).catch(() => {});
    return true;
  };

  #open() {
    this.#closeSocket(0);
    const { curve } = this.#options;
    const socket = new zmq.Dealer({
      immediate: true, // nothing piles up for a broker that is away
      linger: 0,
      reconnectInterval: 100,
      reconnectMaxInterval: 5_000,
      maxMessageSize: 2 * protocol.MESSAGE_BYTES_MAX,
      sendTimeout: 0, // at once or not at all
      receiveTimeout: TICK_MS, // asking whether there is room may eat the signal that a message is there
      ...(curve
        ? { curveServerKey: curve.serverKey, curvePublicKey: curve.publicKey, curveSecretKey: curve.secretKey }
        : {}),
    });
    this.#socket = socket;
    this.#beginAnew = false;
    this.#lastHeard = performance.now();
    this.#helloSent = -Infinity;
    this.#lose();
    // A DEALER reconnects by itself, as a stranger to the broker: each new connection needs a HELLO.
    socket.events.on("handshake", () => socket === this.#socket && (this.#lose(), this.#hello()));
    socket.events.on("disconnect", () => socket === this.#socket && this.#lose());
    socket.connect(this.#options.endpoint);
    this.#receive(socket);
  }

  #closeSocket(linger) {
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return;
    socket.linger = linger;
    socket.close();
  }

  async #receive(socket) {
    while (socket === this.#socket) {
      let frames;
      try {
        frames = await socket.receive();
      } catch {
        continue; // nothing came within a tick, or the socket was closed
      }
      if (socket !== this.#socket) return;
      const message = protocol.decode(frames);
      if (!message) continue;
      this.#lastHeard = performance.now();
      this.#handle(message);
    }
  }

  #handle(message) {
    switch (message.verb) {
      case verb.WELCOME:
        return this.#welcomed(message.header);
      case verb.PING: // its header as it came: a number may have 64 bits
        return this.send([...protocol.encode(verb.PONG, {}).slice(0, 2), message.rawHeader, Buffer.alloc(0)]);
      case verb.BYE:
        return this.#open();
      default:
        return this.#owner.heard(message);
    }
  }

  #welcomed(header) {
    const { command_credit: credit, heartbeat_ms: heartbeat, peer_timeout_ms: timeout } = header;
    // One that is broken is none: HELLO is said again.
    if (![credit?.messages, credit?.bytes, heartbeat, timeout].every(Number.isFinite)) return;
    this.#lastPing = performance.now();
    this.#welcome = header;
    this.#owner.welcomed(header);
  }

  /** The broker does not know this connection. */
  greet() {
    this.#lose();
    this.#hello();
  }

  // What waited was for the connection that is no more; events without an ACK come again, commands are repeated.
  #lose() {
    this.#welcome = undefined;
    this.#unsent.clear();
    this.#blocked = false;
    this.#owner.lost();
  }

  #hello() {
    this.#helloSent = performance.now();
    this.#unsent.clear();
    // Not kept: it is repeated until there is a WELCOME, and a second one would begin anew.
    this.#take(protocol.encode(verb.HELLO, this.#owner.hello()));
  }

  #tick() {
    const now = performance.now();
    if (this.#beginAnew) this.#open();
    if (!this.#welcome) {
      if (now - this.#helloSent >= HELLO_INTERVAL_MS) this.#hello();
    } else if (now - this.#lastHeard >= this.#welcome.peer_timeout_ms) {
      this.#open();
    } else if (now - this.#lastPing >= this.#welcome.heartbeat_ms) {
      this.#lastPing = now;
      this.send(protocol.encode(verb.PING, {}));
    }
  }

  #retryLater() {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      if (!this.#socket) return;
      if (!this.#unsent.flush(this.#take)) return this.#retryLater();
      if (this.#blocked) {
        this.#blocked = false;
        this.#owner.hasRoom();
      }
    }, RETRY_MS);
  }
}

module.exports = { Connection };
