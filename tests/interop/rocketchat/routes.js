'use strict';
// The federation routes of Rocket.Chat, written after its own, on the package. A route is [method, path, what may use it, handler];
// `access` is what the package checks before: nothing, a signed request, or a server that takes part in the room of the path.
const crypto = require('node:crypto');

const FEDERATION = '/_matrix/federation';

class Refusal extends Error {
  constructor(status, errcode, message) {
    super(message);
    Object.assign(this, { status, errcode });
  }
}

const notFound = (what) => new Refusal(404, 'M_NOT_FOUND', what);

/** An answer that is no JSON. */
class Raw {
  constructor(type, body) {
    Object.assign(this, { type, body });
  }
}

function multipart({ type, name, data }) {
  const boundary = crypto.randomBytes(16).toString('hex');
  const head = ['', 'Content-Type: application/json', '', '{}', `--${boundary}`, `Content-Type: ${type}`, `Content-Disposition: attachment; filename="${name}"`, '', ''];
  const body = Buffer.concat([Buffer.from(`--${boundary}${head.join('\r\n')}`), data, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return new Raw(`multipart/mixed; boundary=${boundary}`, body);
}

/** :param files: media id -> {type, name, data} of the chat server */
function routes(sdk, serverName, files) {
  const list = [];
  const route = (method, path, access, handler) => list.push({ method, pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`), access, handler });
  const found = (value, what) => {
    if (!value) throw notFound(what);
    return value;
  };

  route('GET', '/_matrix/key/v2/server', null, () => sdk.getSignedServerKey());
  route('GET', '/.well-known/matrix/server', null, () => sdk.getWellKnownHostData());
  route('GET', `${FEDERATION}/v1/version`, null, () => ({ server: { name: serverName, version: '1.0' } }));
  route('PUT', `${FEDERATION}/v1/send/:txnId`, 'signed', async ({ body }) => {
    await sdk.processIncomingTransaction(body);
    return { pdus: {}, edus: {} };
  });
  route('PUT', `${FEDERATION}/v2/invite/:roomId/:eventId`, 'signed', async ({ eventId, body }) => {
    const { event } = await sdk.processInvite(body.event, eventId, body.room_version, body.invite_room_state);
    return { event };
  });
  route('GET', `${FEDERATION}/v1/query/profile`, 'signed', async ({ query }) => found(await sdk.queryProfile(query.get('user_id')), 'no such user'));
  route('GET', `${FEDERATION}/v1/query/directory`, 'signed', async ({ query }) => {
    const [name] = query.get('room_alias').slice(1).split(':');
    const alias = found(await sdk.directoryService?.resolveAlias(name), 'no such alias');
    return { room_id: alias.roomId, servers: [serverName] };
  });
  route('GET', `${FEDERATION}/v1/publicRooms`, 'signed', async () => ({
    chunk: (await sdk.getAllPublicRoomIdsAndNames()).map((room) => ({ ...room, guest_can_join: false, join_rule: 'public', num_joined_members: 0, world_readable: false })),
  }));
  route('GET', `${FEDERATION}/v1/make_join/:roomId/:userId`, 'room', ({ roomId, userId, query }) => sdk.makeJoin(roomId, userId, query.getAll('ver')));
  route('PUT', `${FEDERATION}/v2/send_join/:roomId/:eventId`, 'room', ({ roomId, eventId, body }) => sdk.sendJoin(roomId, eventId, body));
  route('GET', `${FEDERATION}/v1/make_leave/:roomId/:userId`, 'signed', ({ roomId, userId }) => sdk.makeLeave(roomId, userId));
  route('PUT', `${FEDERATION}/v2/send_leave/:roomId/:eventId`, 'signed', async ({ roomId, eventId, body }) => {
    await sdk.sendLeave(roomId, eventId, body);
    return {};
  });
  route('POST', `${FEDERATION}/v1/get_missing_events/:roomId`, 'room', ({ roomId, body }) =>
    sdk.getMissingEvents(roomId, body.earliest_events, body.latest_events, body.limit ?? 10, body.min_depth ?? 0));
  route('GET', `${FEDERATION}/v1/event_auth/:roomId/:eventId`, 'room', ({ roomId, eventId }) => sdk.eventAuth(roomId, eventId));
  route('GET', `${FEDERATION}/v1/state_ids/:roomId`, 'room', ({ roomId, query }) => sdk.getStateIds(roomId, query.get('event_id')));
  route('GET', `${FEDERATION}/v1/state/:roomId`, 'room', ({ roomId, query }) => sdk.getState(roomId, query.get('event_id')));
  route('GET', `${FEDERATION}/v1/backfill/:roomId`, 'room', ({ roomId, query }) => sdk.getBackfillEvents(roomId, query.getAll('v'), Number(query.get('limit') ?? 10)));
  route('GET', `${FEDERATION}/v1/event/:eventId`, 'event', async ({ eventId }) => {
    const { event } = found(await sdk.getEventById(eventId), 'Event not found');
    return { origin: serverName, origin_server_ts: event.origin_server_ts, pdus: [event] };
  });
  route('GET', `${FEDERATION}/v1/media/download/:mediaId`, 'signed', ({ mediaId }) => multipart(found(files.get(mediaId), 'Media not found')));
  return list;
}

const PDU = ['type', 'content', 'sender', 'room_id', 'origin_server_ts', 'depth', 'prev_events', 'auth_events'];

/** What the schemas of Rocket.Chat's routes demanded until August 2026: `origin` in the bodies of joins and leaves. */
function refuseWithoutOrigin(path, body) {
  const need = (object, keys) => {
    const missing = keys.find((key) => object?.[key] === undefined);
    if (missing) throw new Refusal(400, 'M_INVALID_PARAM', `must have required property '${missing}'`);
  };
  if (path.includes('/send_join/')) need(body, [...PDU, 'origin', 'state_key']);
  if (path.includes('/send_leave/')) need(body, ['content', 'depth', 'origin', 'origin_server_ts', 'sender', 'state_key', 'type']);
  if (path.includes('/v1/send/')) {
    need(body, ['origin', 'origin_server_ts', 'pdus']);
    for (const pdu of body.pdus) need(pdu, PDU);
  }
}

module.exports = { Raw, Refusal, refuseWithoutOrigin, routes };
