'use strict';
// A Rocket.Chat as its federation sees it: the package as published, its routes over HTTPS, a control port in place of the chat server.
// usage: peer.js CONFIG, a JSON file: see harness/rocketchat.py, which writes it.
// control: POST /METHOD [arguments] calls a method of the package; what the package tells its chat server is appended to `events_file`, a line each.
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const Module = require('node:module');
const crypto = require('node:crypto');
const { Raw, Refusal, refuseWithoutOrigin, routes } = require('./routes.js');

const config = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const FEDERATION_PORT = 8448;
const TOLD = [
  'encrypted', 'encryption', 'membership', 'membership.rejected', 'message', 'presence', 'reaction', 'receipt', 'redaction', 'room.create', 'room.name',
  'room.power_levels', 'room.role', 'room.server_acl', 'room.topic', 'typing',
];

/** The version of new rooms is a constant of the package: it is replaced as the file is read, and nothing else. */
function readWithRoomVersion(file, version) {
  const read = Module._extensions['.js'];
  Module._extensions['.js'] = (module, name) => {
    if (name !== file) return read(module, name);
    const text = fs.readFileSync(name, 'utf8');
    const changed = text.replace(/(\.defaultRoomVersion)="\d+"/g, `$1="${version}"`);
    if (!/\.defaultRoomVersion="\d+"/.test(text)) throw new Error('the package has its room version elsewhere');
    return module._compile(changed, name);
  };
}

async function readBody(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

function answerJson(response, status, body) {
  const text = JSON.stringify(body ?? null);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function startPackage() {
  readWithRoomVersion(require.resolve(config.package), config.room_version);
  const { init, federationSDK } = require(config.package);
  const { MongoClient } = require('mongodb');
  const uri = `mongodb://127.0.0.1:${config.database_port}/peer?directConnection=true`;
  await init({ dbConfig: { uri, poolSize: 10 } });
  const seed = crypto.createHash('sha256').update(`peer ${config.server_name}`).digest(); // the same key after a restart
  federationSDK.setConfig({
    instanceId: 'peer', serverName: config.server_name, matrixDomain: config.server_name, port: FEDERATION_PORT, version: '1.0', keyRefreshInterval: 60,
    signingKey: `ed25519 0 ${seed.toString('base64')}`, signingKeyPath: './unused.key',
    media: { maxFileSize: 1e8, allowedMimeTypes: ['text/plain'], enableThumbnails: false, rateLimits: { uploadPerMinute: 10, downloadPerMinute: 60 } },
    invite: { allowedEncryptedRooms: false, allowedNonPrivateRooms: true },
    edu: { processTyping: true, processPresence: true, processReceipt: true },
  });
  return { sdk: federationSDK, database: new MongoClient(uri).db('peer') };
}

/** Of a former life that was killed: its lock on a room would stand for two minutes. Rocket.Chat's other instances wait for it; here is one. */
const forgetLocks = (database) => database.collection('rocketchat_federation_locks').deleteMany({});

function tell(sdk) {
  const out = fs.openSync(config.events_file, 'a');
  for (const name of TOLD) sdk.eventEmitterService.on(`homeserver.matrix.${name}`, (data) => fs.writeSync(out, `${JSON.stringify({ name, ...data })}\n`));
}

async function authenticate(sdk, access, request, parameters, body) {
  if (!access) return;
  const origin = await sdk.verifyRequestSignature(request.headers.authorization ?? '', request.method, request.url, body);
  if (!origin) throw new Refusal(401, 'M_UNAUTHORIZED', 'Authentication required');
  sdk.notifyRemoteServerUp(origin);
  if (access === 'signed') return;
  const about = access === 'room' ? parameters.roomId : parameters.eventId;
  if (!(await sdk.canAccessResource(access, about, origin))) throw new Refusal(403, 'M_FORBIDDEN', 'Access denied to resource');
}

async function federate(sdk, list, request) {
  const text = await readBody(request);
  const url = new URL(`https://x${request.url}`);
  const route = list.find((each) => each.method === request.method && each.pattern.test(url.pathname));
  if (!route) throw new Refusal(404, 'M_UNRECOGNIZED', 'Unrecognized request');
  const { groups = {} } = route.pattern.exec(url.pathname);
  const parameters = Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]));
  const body = text ? JSON.parse(text) : undefined;
  if (config.demands_origin) refuseWithoutOrigin(url.pathname, body);
  await authenticate(sdk, route.access, request, parameters, body);
  return route.handler({ ...parameters, query: url.searchParams, body });
}

function serveFederation(sdk, files) {
  const list = routes(sdk, config.server_name, files);
  const server = https.createServer({ key: fs.readFileSync(config.private_key_file), cert: fs.readFileSync(config.certificate_file) }, async (request, response) => {
    let status = 200;
    let answer;
    try {
      answer = await federate(sdk, list, request);
    } catch (why) {
      status = why.status ?? why.statusCode ?? (why.name === 'NotAllowedError' ? 403 : 500);
      answer = { errcode: why.errcode ?? (status === 403 ? 'M_FORBIDDEN' : 'M_UNKNOWN'), error: why.message };
    }
    console.log(request.method, request.url, status, status === 200 ? '' : JSON.stringify(answer));
    if (!(answer instanceof Raw)) return answerJson(response, status, answer);
    response.writeHead(status, { 'content-type': answer.type, 'content-length': answer.body.length });
    response.end(answer.body);
  });
  return new Promise((ready, failed) => server.on('error', failed).listen(FEDERATION_PORT, config.server_name, ready));
}

/** What a chat server does that the package has no method for. */
function chatServer(sdk, database, files) {
  return {
    putUser: (name) => database.collection('users').updateOne({ _id: name }, { $set: { username: name, name: name[0].toUpperCase() + name.slice(1) } }, { upsert: true }),
    putFile: (id, name, type, text) => void files.set(id, { name, type, data: Buffer.from(text, 'base64') }),
    getFile: async (server, id) => Buffer.from(await sdk.downloadFromRemoteServer(server, id)).toString('base64'),
    roomState: async (room) => [...(await sdk.getLatestRoomState(room))].map(([, event]) => event.event),
  };
}

function serveControl(sdk, extra) {
  const server = http.createServer(async (request, response) => {
    const name = request.url.slice(1);
    try {
      const call = extra[name] ?? sdk[name]?.bind(sdk);
      if (typeof call !== 'function') return answerJson(response, 404, { error: `no method ${name}` });
      const result = await call(...JSON.parse(await readBody(request)));
      // An event of the package is a wrapper that has the event and its id.
      answerJson(response, 200, result?.eventId ? { event_id: result.eventId, event: result.event } : result);
    } catch (why) {
      console.log('control:', name, why);
      answerJson(response, 500, { error: why.message, name: why.name });
    }
  });
  return new Promise((ready, failed) => server.on('error', failed).listen(config.control_port, '127.0.0.1', ready));
}

async function main() {
  const { sdk, database } = await startPackage();
  const files = new Map();
  await forgetLocks(database);
  tell(sdk);
  await serveFederation(sdk, files);
  await serveControl(sdk, chatServer(sdk, database, files));
  console.log('peer ready');
}

main().catch((why) => {
  console.error(why);
  process.exit(1);
});
