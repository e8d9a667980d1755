import test from 'node:test';
import assert from 'node:assert/strict';
import { Stock } from '../src/stock.js';

function stock() {
  const stock = new Stock();
  stock.receive('milk', 10, 20, 50);
  stock.receive('milk', 5, 15, 40);
  stock.receive('bread', 3, 12, 200);
  return stock;
}

test('what expires first is sold first', () => {
  const some = stock();
  assert.equal(some.sell('milk', 4, 10), 160);
  assert.equal(some.sell('milk', 3, 10), 140);
  assert.equal(some.count('milk'), 8);
});

test('all or nothing', () => {
  const some = stock();
  assert.equal(some.sell('bread', 4, 10), null);
  assert.equal(some.sell('bread', 3, 12), 600);
  assert.equal(some.count('bread'), 0);
});

test('expired goods are thrown away', () => {
  const some = stock();
  some.clean(15);
  assert.equal(some.wasted, 600);
  some.clean(16);
  assert.equal(some.wasted, 800);
  assert.equal(some.value(), 500);
});

test('what is missing', () => {
  assert.deepEqual(stock().missing({ milk: 16, bread: 2, jam: 4 }), [['jam', 4], ['milk', 1]]);
});
