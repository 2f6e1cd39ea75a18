"use strict";
// The Node client, driven by the conformance kit: JSON lines in, JSON lines out.

const readline = require("node:readline");

const { Client, CommandError, CommandTimeout } = require("../../../tools/clients/node");

let client;
const events = [];
const called = { events: [], takers: [] };
let endHandler;

const encoded = (value) => {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(encoded);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, encoded(each)]));
};

const decoded = (value) => {
  if (Array.isArray(value)) return value.map(decoded);
  if (value === null || typeof value !== "object") return value;
  if (Object.keys(value).join() === "$bytes") return Buffer.from(value.$bytes, "base64");
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decoded(each)]));
};

const told = (event) => {
  const { name, stream = null, cursor = null, traceparent = null, body } = event;
  return { event_number: events.push(event), name, stream, cursor, traceparent, body };
};

const handle = (handler) => async (event) => {
  const call = { event: { handler, ...told(event) } };
  const ended = new Promise((resolve) => (endHandler = resolve));
  const taker = called.takers.shift();
  if (taker) taker(call);
  else called.events.push(call);
  const failure = await ended;
  if (failure) throw new Error(failure);
};

const requests = {
  describe: () => ({ client: `Node ${process.version}`, features: ["handlers"] }),
  open({ endpoint, peer, client: software, streams, credit_messages, credit_bytes, curve, handlers = [] }) {
    const keys = curve && { serverKey: curve.server_key, publicKey: curve.public_key, secretKey: curve.secret_key };
    const credit = { creditMessages: credit_messages, creditBytes: credit_bytes };
    client = new Client(endpoint, { peer, client: software, streams, curve: keys, log: () => {}, ...credit });
    for (const name of handlers) client.on(name, handle(name));
    return {};
  },
  connected: async ({ timeout_ms: timeoutMs }) => (await client.connected({ timeoutMs }), {}),
  command: ({ name, body, id, timeout_ms: timeoutMs, traceparent }) =>
    client.command(name, body, { id, timeoutMs, traceparent }),
  ephemeral: ({ name, body }) => (client.sendEphemeral(name, body), {}),
  async next({ timeout_ms: timeoutMs }) {
    const event = await client.nextEvent({ timeoutMs });
    return { event: event ? told(event) : null };
  },
  ack: ({ event, rooms, messages }) => (events[event - 1].ack({ rooms, messages }), {}),
  nack: ({ event, permanent, reason }) => (events[event - 1].nack({ permanent, reason }), {}),
  seek: ({ stream, cursor }) => (client.seek(stream, cursor), {}),
  upload: async ({ path, upload_id: uploadId, content_type: contentType }) => ({
    mxc: await client.upload(path, { uploadId, contentType }),
  }),
  async download({ mxc, path }) {
    const about = await client.download(mxc, path);
    return { total_bytes: about.totalBytes, content_type: about.contentType, file_name: about.fileName };
  },
  state: () => ({
    open_commands: client.openCommands,
    unsent: client.unsent,
    errors: { count: client.errors.length, last: client.errors.at(-1)?.code ?? null },
    ignored: client.ignored.map((told) => told.join(": ")),
  }),
  close: async () => (await client.close(), {}),
  handler_called: () => called.events.shift() ?? new Promise((resolve) => called.takers.push(resolve)),
  handler_ends: ({ failure }) => (endHandler(failure), {}),
};

const failure = (error) => {
  if (error instanceof CommandTimeout) return { kind: "timeout", id: error.id };
  if (error instanceof CommandError)
    return { kind: "refused", code: error.code, detail: error.detail, retryable: error.retryable };
  return { kind: "other", detail: String(error?.stack ?? error) };
};

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { n, do: what, ...request } = decoded(JSON.parse(line));
  try {
    say({ n, result: encoded(await requests[what](request)) });
  } catch (error) {
    say({ n, error: failure(error) });
  }
});
lines.on("close", async () => {
  await client?.close();
  process.exitCode = 0;
});
