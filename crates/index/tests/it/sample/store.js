#!/usr/bin/env node
'use strict';

const path = require('path');
const { readFileSync } = require('fs');

const LIMIT = 10;
let last = null, calls = 0;

/**
 * Reads a price list.
 * @param {string} text
 */
function parse(text) {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [name, price] = line.split('=');
      return { name, price: Number(price) };
    });
}

const total = (rows) => rows.reduce((sum, row) => sum + row.price, 0);

const format = function (row) {
  return `${row.name}:
  ${row.price.toFixed(2)}`;
};

async function* chunks(rows, size = LIMIT) {
  for (let at = 0; at < rows.length; at += size) {
    yield rows.slice(at, at + size);
  }
}

class Store {
  #rows = [];
  onChange = (row) => {
    last = row;
  };

  constructor(rows = []) {
    this.#rows = rows;
  }

  static from(text) {
    return new Store(parse(text));
  }

  get size() {
    return this.#rows.length;
  }

  async load(name) {
    const text = readFileSync(path.join('.', name), 'utf8');
    this.#rows.push(...parse(text));
  }

  cheapest() {
    return [...this.#rows].sort((a, b) => a.price - b.price)[0];
  }
}

Store.prototype.print = function () {
  console.log(format(this.cheapest()));
};

const helpers = {
  twice(x) {
    return x * 2;
  },
  half: (x) => x / 2,
};

module.exports = { Store, parse, total, chunks, helpers };
module.exports.version = () => '1.0';
