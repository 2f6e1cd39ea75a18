'use strict';
// One collection in memory: documents in order of insertion, unique keys, and an index by value for the fields that the package searches by.
const { ObjectId } = require('bson');
const { Query } = require('mingo');

/** A room of some thousand events is searched by these for every event; a scan would cost more than the package itself. */
const INDEXED = ['_id', 'name', 'username', 'eventId', 'roomId', 'nextEventId', 'previousNode', 'event.room_id', 'event.type'];

const at = (document, path) => path.split('.').reduce((value, key) => (value == null ? undefined : value[key]), document);
const keyOf = (value) => (value instanceof ObjectId ? `id:${value.toHexString()}` : `${typeof value}:${value}`);
const isScalar = (value) => value instanceof ObjectId || ['string', 'number', 'boolean'].includes(typeof value);

class DuplicateKey extends Error {
  constructor(fields) {
    super(`E11000 duplicate key error ${fields}`);
    this.code = 11000;
    this.codeName = 'DuplicateKey';
  }
}

class Collection {
  #documents = new Map(); // number of insertion -> document
  #last = 0;
  #indexes = new Map(INDEXED.map((field) => [field, new Map()])); // field -> key -> numbers
  #unique = [['_id']];

  get size() {
    return this.#documents.size;
  }

  makeUnique(fields) {
    this.#unique.push(fields);
  }

  /** [number, document] of all that match, in order of insertion. */
  find(filter = {}) {
    const query = new Query(filter);
    return this.#candidates(filter)
      .map((number) => [number, this.#documents.get(number)])
      .filter(([, document]) => query.test(document));
  }

  insert(document) {
    if (document._id === undefined) document._id = new ObjectId();
    this.#refuseDuplicate(document);
    this.#put(++this.#last, document);
  }

  replace(number, document) {
    this.#refuseDuplicate(document, number);
    this.remove(number);
    this.#put(number, document);
  }

  remove(number) {
    this.#eachIndexed(this.#documents.get(number), (index, key) => {
      index.get(key)?.delete(number);
    });
    this.#documents.delete(number);
  }

  #put(number, document) {
    this.#documents.set(number, document);
    this.#eachIndexed(document, (index, key) => {
      if (!index.has(key)) index.set(key, new Set());
      index.get(key).add(number);
    });
  }

  #eachIndexed(document, visit) {
    for (const [field, index] of this.#indexes) {
      const value = at(document, field);
      if (isScalar(value)) visit(index, keyOf(value));
    }
  }

  /** Numbers of the documents that can match: by the index that leaves fewest. */
  #candidates(filter) {
    let fewest = null;
    for (const [field, index] of this.#indexes) {
      const condition = filter[field];
      const values = isScalar(condition) ? [condition] : Array.isArray(condition?.$in) && condition.$in.every(isScalar) ? condition.$in : null;
      if (!values) continue;
      const numbers = values.flatMap((value) => [...(index.get(keyOf(value)) ?? [])]);
      if (!fewest || numbers.length < fewest.length) fewest = numbers;
    }
    return (fewest ? [...new Set(fewest)] : [...this.#documents.keys()]).sort((a, b) => a - b);
  }

  #refuseDuplicate(document, except) {
    for (const fields of this.#unique) {
      const same = this.find(Object.fromEntries(fields.map((field) => [field, at(document, field)])));
      if (same.some(([number]) => number !== except)) throw new DuplicateKey(fields.join('_'));
    }
  }
}

module.exports = { Collection, at };
