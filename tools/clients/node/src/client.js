"use strict";

const { Commands } = require("./commands.js");
const { Connection } = require("./connection.js");
const { CausewayError, CommandError, CommandTimeout, ConnectionRefused } = require("./errors.js");
const { Events } = require("./events.js");
const files = require("./files.js");
const protocol = require("./protocol.js");

const { verb } = protocol;

// ERRORs that are kept for the caller to see.
const ERRORS_MAX = 100;

/** A connection to the broker, kept alive. src/index.d.ts says what each member does. */
class Client {
  #connection;
  #commands;
  #events;
  #options;
  #refusal;
  #watchers = new Set(); // those who wait for WELCOME
  #handlers = new Map();
  #iterating = false;
  #closing;
  errors = [];

  constructor(endpoint, options = {}) {
    const { creditMessages = 1_000, creditBytes = 16 * 1024 * 1024, curve, log } = options;
    this.#options = options;
    const say = log ?? ((text) => console.warn(`causeway-client: ${text}`));
    // It speaks for the first time when this function has ended.
    this.#connection = new Connection(this.#listener(say), { endpoint, curve });
    this.#commands = new Commands(this.#connection, say);
    this.#events = new Events(this.#connection, { messages: creditMessages, bytes: creditBytes });
    this.#options = { ...options, say };
  }

  get ignored() {
    return this.#commands.ignored;
  }

  get openCommands() {
    return this.#commands.open;
  }

  get unsent() {
    return this.#connection.unsent;
  }

  connected({ timeoutMs = 30_000 } = {}) {
    return new Promise((resolve, reject) => {
      let timer;
      const look = () => {
        const { welcome } = this.#connection;
        const isRefused = this.#refusal && !this.#refusal.retryable;
        if (!welcome && !isRefused && !this.#closing) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        if (welcome) resolve(welcome);
        else reject(this.#refusal ?? new CausewayError("the client is closed"));
      };
      timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(this.#refusal ?? new CommandTimeout("HELLO", ""));
      }, timeoutMs);
      this.#watchers.add(look);
      look();
    });
  }

  async command(name, body, options) {
    if (this.#closing) throw new CommandError({ code: "stopping", detail: "the client is closed", retryable: true });
    return this.#commands.run(name, body, options);
  }

  sendEphemeral(name, body) {
    const frames = protocol.checked(name, protocol.encode(verb.COMMAND, { command: name }, body));
    if (!this.#connection.welcome || this.#closing) return;
    if (this.#connection.trySend(frames)) return;
    this.#troubled("overloaded", `${name} dropped: ${this.unsent} messages wait for the broker`);
  }

  typing(body) {
    this.sendEphemeral("typing", body);
  }

  upload(source, options) {
    return files.upload(this, source, options);
  }

  download(mxc, target, options) {
    return files.download(this, mxc, target, options);
  }

  nextEvent({ timeoutMs } = {}) {
    return this.#events.next(timeoutMs);
  }

  async *events({ timeoutMs, autoAck = true } = {}) {
    if (this.#handlers.size > 0) throw new CausewayError("events() and on() cannot be used together");
    this.#iterating = true;
    for (;;) {
      const event = await this.nextEvent({ timeoutMs });
      if (!event) return;
      yield event;
      if (autoAck && !event.settled) event.ack();
    }
  }

  on(name, handler) {
    if (this.#iterating) throw new CausewayError("events() and on() cannot be used together");
    if (this.#handlers.size === 0) this.#dispatch();
    this.#handlers.set(name, handler);
    return this;
  }

  seek(stream, cursor) {
    this.#events.seek(stream, cursor);
  }

  close() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    if (this.#connection.welcome) this.#events.sendAcks();
    this.#events.close();
    this.#commands.close();
    await this.#connection.close();
    for (const look of [...this.#watchers]) look();
  }

  async #dispatch() {
    for (;;) {
      const event = await this.nextEvent();
      if (!event) return;
      const handler = this.#handlers.get(event.name) ?? this.#handlers.get("*");
      try {
        await handler?.(event);
        if (!event.settled) event.ack();
      } catch (error) {
        // the handler is the application's: it may throw anything
        this.#options.say(`the handler of ${event.name} failed: ${error?.stack ?? error}`);
        if (!event.settled) event.nack({ reason: String(error?.message ?? error) });
      }
    }
  }

  #listener(say) {
    const { peer = "chat", client = "causeway-client-node", streams } = this.#options;
    return {
      hello: () => ({ versions: [protocol.VERSION], client, peer, streams, credit: this.#events.remainingCredit() }),
      welcomed: (header) => {
        this.#refusal = undefined;
        this.#events.welcomed(header);
        this.#commands.restart();
        for (const look of [...this.#watchers]) look();
      },
      lost: () => this.#events?.lost(), // the first time there is nothing yet
      heard: (message) => {
        try {
          this.#heard(message);
        } catch (error) {
          say(`broken frame ${message.verb} from the broker: ${error}`);
        }
      },
      hasRoom: () => this.#commands.send(),
      troubled: (code, detail) => this.#troubled(code, detail),
    };
  }

  #heard({ verb: what, header, rawBody }) {
    if (what === verb.RESULT) this.#commands.answered(header, protocol.unpack(rawBody));
    else if (what === verb.EVENT) this.#events.happened(header, protocol.unpack(rawBody), rawBody.length);
    else if (what === verb.SEEK) this.#events.positioned(header);
    else if (what === verb.ERROR) this.#refused(header, protocol.unpack(rawBody));
    // PONG; whatever a later version adds
  }

  #refused({ id }, fault) {
    if (fault.code === "hello_required") return this.#connection.greet();
    if (id !== undefined && id !== null) return this.#commands.refused(id, fault);
    if (!this.#connection.welcome) this.#refusal = new ConnectionRefused(fault);
    this.#troubled(fault.code, fault.detail ?? "");
    for (const look of [...this.#watchers]) look();
    return undefined;
  }

  #troubled(code, detail) {
    this.errors.push({ code, detail });
    if (this.errors.length > ERRORS_MAX) this.errors.shift();
  }
}

module.exports = { Client };
