'use strict';
// Stands in for a MongoDB server: its wire protocol on a loopback port, everything in memory. It outlives the peer, so the peer can be killed.
// usage: main.js PORT
const net = require('node:net');
const { BSON } = require('bson');
const { answer } = require('./commands.js');

const HEADER = 16; // bytes: length, request id, response to, opcode
const OP_REPLY = 1;
const OP_QUERY = 2004; // the driver's very first word
const OP_MSG = 2013;
const MORE_TO_COME = 2;
const CHECKSUM = 1;

let lastRequest = 0;

function message(opcode, responseTo, ...parts) {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + body.length, 0);
  header.writeInt32LE(++lastRequest, 4);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(opcode, 12);
  return Buffer.concat([header, body]);
}

function reply(responseTo, document) {
  const fields = Buffer.alloc(20);
  fields.writeInt32LE(8, 0); // await capable
  fields.writeInt32LE(1, 16); // documents
  return message(OP_REPLY, responseTo, fields, BSON.serialize(document));
}

/** A message of sections: one document, and lists that are fields of it. */
function sections(bytes) {
  const end = bytes.length - (bytes.readUInt32LE(HEADER) & CHECKSUM ? 4 : 0);
  let command;
  const lists = {};
  for (let at = HEADER + 4; at < end; ) {
    const isList = bytes[at] === 1;
    const begin = at + 1;
    const length = bytes.readInt32LE(begin);
    at = begin + length;
    if (!isList) {
      command = BSON.deserialize(bytes.subarray(begin, at), { promoteBuffers: true });
      continue;
    }
    const name = bytes.toString('utf8', begin + 4, bytes.indexOf(0, begin + 4));
    lists[name] = [];
    for (let next = begin + 4 + Buffer.byteLength(name) + 1; next < at; next += bytes.readInt32LE(next))
      lists[name].push(BSON.deserialize(bytes.subarray(next, next + bytes.readInt32LE(next)), { promoteBuffers: true }));
  }
  return { ...command, ...lists };
}

/** Bytes to send back, or nothing. */
function handle(bytes) {
  const request = bytes.readInt32LE(4);
  const opcode = bytes.readInt32LE(12);
  if (opcode === OP_QUERY) {
    const query = BSON.deserialize(bytes.subarray(bytes.indexOf(0, HEADER + 4) + 9), { promoteBuffers: true });
    return reply(request, answer(query.$query ?? query));
  }
  if (opcode !== OP_MSG) throw new Error(`opcode ${opcode}`);
  const document = answer(sections(bytes));
  if (bytes.readUInt32LE(HEADER) & MORE_TO_COME) return null;
  return message(OP_MSG, request, Buffer.alloc(5), BSON.serialize(document));
}

function serve(socket) {
  let received = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy()); // a peer that was killed
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= HEADER && received.length >= received.readInt32LE(0)) {
      const length = received.readInt32LE(0);
      const answered = handle(received.subarray(0, length));
      received = received.subarray(length);
      if (answered) socket.write(answered);
    }
  });
}

net.createServer(serve).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('database ready'));
