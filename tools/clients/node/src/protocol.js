"use strict";
// Frames and values of the contract. No socket, no timer.

const msgpack = require("@msgpack/msgpack");

const { CommandError } = require("./errors.js");

const MAGIC = Buffer.from("CW1");
const VERSION = 1;
// The four frames of a message together. The broker answers a larger one with ERROR too_large.
const MESSAGE_BYTES_MAX = 1_048_576;
const ID_BYTES_MAX = 128;
const REASON_BYTES_MAX = 1_024;

const verb = Object.freeze({
  HELLO: "H",
  WELCOME: "W",
  COMMAND: "C",
  RESULT: "R",
  EVENT: "E",
  ACK: "A",
  NACK: "N",
  CREDIT: "K",
  SEEK: "S",
  PING: "P",
  PONG: "O",
  BYE: "B",
  ERROR: "X",
});

/** A map as msgpack. Keys with `undefined` are left out, as `nil` is the same as no key. */
function pack(map) {
  const packed = msgpack.encode(map, { ignoreUndefined: true });
  return Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
}

/** A map; empty for no bytes. Throws for anything else. Numbers are doubles: exact up to 2^53. */
function unpack(raw) {
  if (raw.length === 0) return {};
  const value = msgpack.decode(raw);
  if (value === null || typeof value !== "object" || Array.isArray(value) || ArrayBuffer.isView(value))
    throw new TypeError("not a map");
  return value;
}

/** The four frames of a message. */
function encode(byte, header, body) {
  return [MAGIC, Buffer.from(byte), pack(header), body === undefined ? Buffer.alloc(0) : pack(body)];
}

/** {verb, header, rawHeader, rawBody}, or undefined for what is no message of the contract. */
function decode(frames) {
  if (frames.length !== 4 || !frames[0].equals(MAGIC) || frames[1].length !== 1) return undefined;
  try {
    return { verb: frames[1].toString("latin1"), header: unpack(frames[2]), rawHeader: frames[2], rawBody: frames[3] };
  } catch {
    return undefined;
  }
}

/** Bytes of a message as its bound counts them. */
function sizeOf(frames) {
  return frames.reduce((sum, frame) => sum + frame.length, 0);
}

/** The frames of a message that the broker takes. */
function checked(name, frames) {
  const size = sizeOf(frames);
  if (size > MESSAGE_BYTES_MAX) {
    throw new CommandError({
      code: "too_large",
      detail: `${name} has ${size} bytes, a message may have ${MESSAGE_BYTES_MAX}`,
    });
  }
  return frames;
}

/** An idempotency key that fits into a header: one that does not would have no answer. */
function checkedId(id) {
  const bytes = Buffer.byteLength(id);
  if (bytes < 1 || bytes > ID_BYTES_MAX) {
    throw new CommandError({
      code: "bad_frame",
      detail: `the id of a command has 1 to ${ID_BYTES_MAX} bytes, not ${bytes}`,
    });
  }
  return id;
}

/** The text cut to so many bytes of UTF-8, between two characters. */
function cut(text, bytesMax) {
  const raw = Buffer.from(text);
  if (raw.length <= bytesMax) return raw.toString();
  let end = bytesMax;
  while ((raw[end] & 0xc0) === 0x80) --end;
  return raw.toString("utf8", 0, end);
}

module.exports = {
  MESSAGE_BYTES_MAX,
  REASON_BYTES_MAX,
  VERSION,
  checked,
  checkedId,
  cut,
  decode,
  encode,
  sizeOf,
  unpack,
  verb,
};
