'use strict';
// The commands of MongoDB that the package sends, on collections in memory. What it does not send is refused by name.
const { BSON, Long } = require('bson');
const { Aggregator, Query } = require('mingo');
const { update } = require('mingo/updater');
const { Collection, at } = require('./collection.js');

const FIRST_BATCH = 101; // documents, as the server has it

const databases = new Map(); // name -> collection name -> Collection
const cursors = new Map(); // id -> documents that are left
let lastCursor = 1000;

const number = (value) => Number(value ?? 0);
const copy = (document) => BSON.deserialize(BSON.serialize(document), { promoteBuffers: true });

function collection(command, name) {
  if (!databases.has(command.$db)) databases.set(command.$db, new Map());
  const collections = databases.get(command.$db);
  if (!collections.has(name)) collections.set(name, new Collection());
  return collections.get(name);
}

function asCursor(command, name, documents, batchSize) {
  const first = documents.slice(0, number(batchSize) || FIRST_BATCH);
  const rest = documents.slice(first.length);
  if (rest.length) cursors.set(++lastCursor, rest);
  return { ok: 1, cursor: { firstBatch: first, id: Long.fromNumber(rest.length ? lastCursor : 0), ns: `${command.$db}.${name}` } };
}

function getMore(command) {
  const id = number(command.getMore);
  const rest = cursors.get(id) ?? [];
  const next = rest.splice(0, number(command.batchSize) || rest.length);
  if (!rest.length) cursors.delete(id);
  return { ok: 1, cursor: { nextBatch: next, id: Long.fromNumber(rest.length ? id : 0), ns: `${command.$db}.${command.collection}` } };
}

function sorted(rows, order) {
  return order && Object.keys(order).length ? new Query({}).find(rows.map(([, document]) => document)).sort(order).all() : rows.map(([, document]) => document);
}

function projected(documents, projection) {
  return projection && Object.keys(projection).length ? new Query({}).find(documents, projection).all() : documents;
}

function find(command) {
  const skip = number(command.skip);
  const limit = Math.abs(number(command.limit));
  const found = sorted(collection(command, command.find).find(command.filter), command.sort);
  const documents = projected(found.slice(skip, limit ? skip + limit : undefined), command.projection);
  return asCursor(command, command.find, documents, command.singleBatch ? documents.length : command.batchSize);
}

/** `document` after `change`. A change is operators, or a whole new document that keeps the id. */
function changed(document, change, isNew) {
  const operators = Object.keys(change).filter((key) => key.startsWith('$'));
  if (!operators.length) return { _id: document._id, ...copy(change) };
  const { $setOnInsert, ...rest } = change;
  const result = copy(document);
  if (isNew && $setOnInsert) {
    const { _id = result._id, ...values } = $setOnInsert;
    if (_id !== undefined) result._id = _id;
    rest.$set = { ...values, ...rest.$set };
  }
  if (Object.keys(rest).length) update(result, rest);
  return result;
}

/** What an upsert that finds nothing begins with: the values the filter asks for. */
function wanted(filter) {
  const values = Object.entries(filter).filter(([key, value]) => !key.startsWith('$') && !isCondition(value));
  const { _id, ...rest } = Object.fromEntries(values);
  const document = _id === undefined ? {} : { _id };
  if (Object.keys(rest).length) update(document, { $set: rest });
  return document;
}

const isCondition = (value) => value !== null && typeof value === 'object' && Object.keys(value).some((key) => key.startsWith('$'));

function insertChanged(target, filter, change) {
  const document = changed(wanted(filter), change, true);
  target.insert(document);
  return document;
}

/** Runs `one` for each; an error of one is told beside the others' success, as MongoDB does. */
function each(list, one) {
  const writeErrors = [];
  list.forEach((item, index) => {
    try {
      one(item, index);
    } catch (why) {
      if (!why.code) throw why;
      writeErrors.push({ index, code: why.code, errmsg: why.message });
    }
  });
  return writeErrors.length ? { writeErrors } : {};
}

function insert(command) {
  let n = 0;
  const errors = each(command.documents, (document) => {
    collection(command, command.insert).insert(document);
    n += 1;
  });
  return { ok: 1, n, ...errors };
}

function updateMany(command) {
  const target = collection(command, command.update);
  let n = 0;
  let nModified = 0;
  const upserted = [];
  const errors = each(command.updates, (change, index) => {
    const rows = target.find(change.q);
    if (!rows.length && change.upsert) {
      upserted.push({ index, _id: insertChanged(target, change.q, change.u)._id });
      n += 1;
      return;
    }
    for (const [place, document] of change.multi ? rows : rows.slice(0, 1)) {
      target.replace(place, changed(document, change.u, false));
      n += 1;
      nModified += 1;
    }
  });
  return { ok: 1, n, nModified, ...(upserted.length && { upserted }), ...errors };
}

function remove(command) {
  const target = collection(command, command.delete);
  let n = 0;
  for (const { q, limit } of command.deletes) {
    const rows = target.find(q);
    for (const [place] of number(limit) === 1 ? rows.slice(0, 1) : rows) {
      target.remove(place);
      n += 1;
    }
  }
  return { ok: 1, n };
}

function findAndModify(command) {
  const target = collection(command, command.findAndModify ?? command.findandmodify);
  const rows = target.find(command.query);
  const first = sorted(rows, command.sort)[0];
  if (!first) {
    if (!command.upsert) return { ok: 1, value: null, lastErrorObject: { n: 0, updatedExisting: false } };
    const document = insertChanged(target, command.query, command.update);
    return { ok: 1, value: command.new ? document : null, lastErrorObject: { n: 1, updatedExisting: false, upserted: document._id } };
  }
  const [place, document] = rows.find(([, row]) => row._id === first._id || keyed(row._id) === keyed(first._id));
  if (command.remove) {
    target.remove(place);
    return { ok: 1, value: document, lastErrorObject: { n: 1 } };
  }
  const next = changed(document, command.update, false);
  target.replace(place, next);
  return { ok: 1, value: projected([command.new ? next : document], command.fields)[0], lastErrorObject: { n: 1, updatedExisting: true } };
}

const keyed = (id) => String(id);

/** The one pipeline with $graphLookup: the state at an event is the chain of its changes, each pointing to the one before it. */
function stateChains(command, [{ $match }]) {
  const target = collection(command, command.aggregate);
  return target.find($match).map(([, document]) => {
    const chain = [];
    const seen = new Set();
    for (let id = document.previousNode; id && !seen.has(keyed(id)); ) {
      seen.add(keyed(id));
      const before = target.find({ _id: id })[0]?.[1];
      if (!before) break;
      chain.push(before);
      id = before.previousNode;
    }
    chain.sort((a, b) => a.depth - b.depth);
    return { _id: document._id, stateMap: Object.fromEntries(chain.map((change) => [`${change.type}:${change.stateKey}`, change.eventId])) };
  });
}

function aggregate(command) {
  const { pipeline } = command;
  if (pipeline[1]?.$graphLookup) return asCursor(command, command.aggregate, stateChains(command, pipeline));
  const all = collection(command, command.aggregate).find().map(([, document]) => document);
  return asCursor(command, command.aggregate, new Aggregator(pipeline).run(all));
}

function distinct(command) {
  const values = collection(command, command.distinct).find(command.query).map(([, document]) => at(document, command.key));
  return { ok: 1, values: [...new Set(values.filter((value) => value !== undefined))] };
}

function createIndexes(command) {
  for (const { unique, key } of command.indexes) if (unique) collection(command, command.createIndexes).makeUnique(Object.keys(key));
  return { ok: 1, numIndexesBefore: 1, numIndexesAfter: 2 };
}

function drop(command) {
  databases.get(command.$db)?.delete(command.drop);
  return { ok: 1 };
}

const hello = () => ({
  ok: 1, helloOk: true, ismaster: true, isWritablePrimary: true, readOnly: false, localTime: new Date(), minWireVersion: 0, maxWireVersion: 21,
  maxBsonObjectSize: 16777216, maxMessageSizeBytes: 48000000, maxWriteBatchSize: 100000,
});
const fine = () => ({ ok: 1 });

const COMMANDS = {
  aggregate, createindexes: createIndexes, delete: remove, distinct, drop, endsessions: fine, find, findandmodify: findAndModify, getmore: getMore, hello, insert,
  ismaster: hello, killcursors: fine, ping: fine, update: updateMany,
  buildinfo: () => ({ ok: 1, version: '7.0.0', versionArray: [7, 0, 0, 0] }),
  count: (command) => ({ ok: 1, n: collection(command, command.count).find(command.query).length }),
  listcollections: (command) => asCursor(command, '$cmd.listCollections', [...(databases.get(command.$db)?.keys() ?? [])].map((name) => ({ name, type: 'collection' }))),
};

/** The answer to one command: a document. */
function answer(command) {
  const name = Object.keys(command)[0];
  const run = COMMANDS[name.toLowerCase()];
  try {
    if (!run) throw Object.assign(new Error(`no such command: ${name}`), { code: 59, codeName: 'CommandNotFound' });
    return run(command);
  } catch (why) {
    if (why.code !== 11000) console.error(`database: ${name} failed:`, why);
    return { ok: 0, errmsg: why.message, code: why.code ?? 8, codeName: why.codeName ?? 'UnknownError' };
  }
}

module.exports = { answer };
