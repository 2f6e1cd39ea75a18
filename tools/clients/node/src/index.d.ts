import type { Answers, Commands, Notifications, TypingCommand, Welcome } from "../types";

export * from "../types";

/** Z85 keys: the broker's public key and our own pair. */
export interface CurveKeys {
  serverKey: string;
  publicKey: string;
  secretKey: string;
}

export interface ClientOptions {
  /** Our name, for the broker's operator; with CURVE that of the key. Default: chat. */
  peer?: string;
  /** Software and version, likewise. */
  client?: string;
  /** Durable streams that are wanted; absent: all; empty: none, commands only. */
  streams?: number[];
  /** Events that may wait here. Default: 1000. */
  creditMessages?: number;
  /** The same in bytes of bodies; at least 1 MiB, the largest event. Default: 16 MiB. */
  creditBytes?: number;
  curve?: CurveKeys;
  /** Gets what somebody should read: failed handlers, fields the broker does not know. Default: console.warn. */
  log?: (text: string) => void;
}

export interface CommandOptions {
  /** Idempotency key, 1 to 128 bytes; absent: a fresh one. Repeat a command that timed out with the id it had. */
  id?: string;
  /** Default: 30 s. */
  timeoutMs?: number;
  /** W3C trace context: the events that follow from the command have its trace. */
  traceparent?: string;
}

/** Your ids of what an event named: from the next command on either name works. Matrix id -> own id. */
export interface Bindings {
  rooms?: Record<string, string>;
  messages?: Record<string, string>;
}

interface EventOf<Name extends string, Body> {
  readonly name: Name;
  readonly body: Body;
  /** Absent: ephemeral, nothing to acknowledge. */
  readonly stream?: number;
  readonly cursor?: number;
  /** Of the command it follows from, if that had one; not when the event comes again later. */
  readonly traceparent?: string;
  readonly durable: boolean;
  /** Whether it was acknowledged or refused. */
  readonly settled: boolean;
  /**
   * This event, and all before it of its stream, are done with.
   * @throws CommandError too_large: the bindings do not fit into one message, nothing was acknowledged
   */
  ack(bind?: Bindings): void;
  /** Permanent: put it aside and go on. Otherwise it comes again after a while, and so does what follows it. */
  nack(how?: { permanent?: boolean; reason?: string }): void;
}

/** A notification; `name` tells which body it has. */
export type Event<Name extends keyof Notifications = keyof Notifications> = {
  [Each in Name]: EventOf<Each, Notifications[Each]>;
}[Name];

/** What a download is written to: a stream.Writable. */
export interface Sink {
  write(chunk: Uint8Array): boolean;
  on(name: string, listener: (...args: any[]) => void): unknown;
  once(name: string, listener: (...args: any[]) => void): unknown;
  off(name: string, listener: (...args: any[]) => void): unknown;
}

/** A file that was downloaded, as its server tells it. */
export interface Downloaded {
  totalBytes: number;
  contentType: string;
  fileName: string;
}

/**
 * A connection to the broker, kept alive: it reconnects and introduces itself again by itself, repeats commands that
 * have no answer (same id: the broker runs each once) and drops events that were handed out before. Nothing has to be
 * awaited before it is used.
 */
export class Client {
  /** @param endpoint for example "ipc:///run/causeway/chat.sock" or "tcp://127.0.0.1:7411" */
  constructor(endpoint: string, options?: ClientOptions);

  /** ERRORs that belong to no command, and what was dropped at a bound (overloaded): the last hundred. */
  readonly errors: { code: string; detail: string }[];
  /**
   * Fields the broker does not know, as [command, field], each once: misspelt, or the broker is older than your code.
   */
  readonly ignored: [string, string][];
  /** Commands that wait for their RESULT. */
  readonly openCommands: number;
  /** Messages that wait, in order, since the broker reads nothing; commands are none of them. */
  readonly unsent: number;

  /**
   * Waits for WELCOME. A broker that is stopping or short of room is greeted again.
   * @throws ConnectionRefused; CommandTimeout after `timeoutMs` (default: 30 s)
   */
  connected(options?: { timeoutMs?: number }): Promise<Welcome>;

  /**
   * Sends a command and resolves to its answer. It is repeated under its id while the connection breaks and while the
   * broker is short of room. Commands leave in the order of the calls, also when the broker reads nothing for a while.
   * @throws CommandError (the broker's refusal; before anything is sent too_large, bad_frame for an id that does not
   * fit, and
   *   overloaded when 10,000 commands wait here); CommandTimeout (repeat it with the id that it has)
   */
  command<Name extends keyof Commands>(
    name: Name,
    body: Commands[Name],
    options?: CommandOptions,
  ): Promise<Answers[Name]>;

  /**
   * A command that needs no result: no id, lost without a connection, told by `errors` while a broker reads nothing.
   * @throws CommandError too_large: more than 1 MiB, not sent
   */
  sendEphemeral<Name extends "typing" | "read" | "presence">(name: Name, body: Commands[Name]): void;

  /** The ephemeral command of this name. */
  typing(body: TypingCommand): void;

  /**
   * Puts a file, given by its path or its bytes, into the broker's media store, part by part, and resolves to its mxc
   * URI. With the same `uploadId` an upload that broke off goes on where it was. `timeoutMs` is for each part
   * (default: 60 s).
   */
  upload(
    source: string | Uint8Array,
    options?: { uploadId?: string; contentType?: string; fileName?: string; timeoutMs?: number },
  ): Promise<string>;

  /**
   * Writes a file of any server to a path or a stream, which stays open. The first part of another server's file
   * comes when the broker has fetched all of it. `timeoutMs` is for each part (default: 300 s).
   */
  download(mxc: string, target: string | Sink, options?: { timeoutMs?: number }): Promise<Downloaded>;

  /** The next event, in order per stream; undefined when none comes in time, or the client is closed. */
  nextEvent(options?: { timeoutMs?: number }): Promise<Event | undefined>;

  /**
   * Iterates over events; ends when none comes within `timeoutMs` (default: never), or when the client is closed. An
   * event is acknowledged when the next one is asked for (`autoAck`), so the one at work when a process dies comes
   * again. One acknowledged or refused by hand is left alone.
   */
  events(options?: { timeoutMs?: number; autoAck?: boolean }): AsyncGenerator<Event, void, undefined>;

  /**
   * Calls the handler for events of this name, "*" for all others, one after another. An event is acknowledged when
   * what the handler returns has resolved; when it throws, the event comes again after a while. Events nobody handles
   * are acknowledged.
   */
  on<Name extends keyof Notifications>(name: Name, handler: (event: Event<Name>) => unknown): this;
  on(name: "*", handler: (event: Event) => unknown): this;

  /** Events of `stream` after `cursor` come (again). What waits here of that stream is dropped. */
  seek(stream: number, cursor: number): void;

  /** Says BYE. Open commands end with CommandError "stopping". */
  close(): Promise<void>;
}

/** Base of all errors of this package. */
export class CausewayError extends Error {}

/** The broker refused a command. */
export class CommandError extends CausewayError {
  /** A word of the contract's table *Faults*. */
  readonly code: string;
  readonly detail: string;
  /** The same command, under the same id, may succeed later. */
  readonly retryable: boolean;
}

/** No RESULT in time: the command may have been carried out or not. Repeat it with this id to find out. */
export class CommandTimeout extends CausewayError {
  readonly id: string;
}

/** The broker does not accept this peer: wrong version, wrong name, wrong streams. */
export class ConnectionRefused extends CommandError {}
