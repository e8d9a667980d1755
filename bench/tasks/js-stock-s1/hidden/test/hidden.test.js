import test from 'node:test';
import assert from 'node:assert/strict';
import { Queue } from '../src/queue.js';
import { Stock } from '../src/stock.js';

test('the queue is sorted and fair', () => {
  const queue = new Queue((item) => item[0]);
  for (const text of ['5a', '3b', '9c', '3d', '5e', '1f', '9g', '0h']) queue.push(text);
  assert.equal(queue.items.join(' '), '0h 1f 3b 3d 5a 5e 9c 9g');
  assert.equal(queue.size, 8);
  assert.equal(queue.place('3'), 4);
  assert.equal(queue.place('/'), 0);
  assert.deepEqual(queue.shiftBelow('3'), ['0h', '1f']);
  assert.deepEqual(queue.shiftBelow('3'), []);
  assert.equal(queue.first(), '3b');
  assert.equal(queue.shift(), '3b');
  assert.deepEqual(queue.shiftBelow('z'), ['3d', '5a', '5e', '9c', '9g']);
  assert.equal(queue.first(), undefined);
});

test('receiving', () => {
  const stock = new Stock();
  assert.throws(() => stock.receive('a', 0, 1, 1));
  assert.throws(() => stock.receive('a', -1, 1, 1));
  stock.receive('a', 1, 1, 1);
  assert.equal(stock.count('a'), 1);
  assert.equal(stock.count('b'), 0);
});

test('selling over several batches', () => {
  const stock = new Stock();
  stock.receive('a', 2, 30, 7);
  stock.receive('a', 2, 10, 3);
  stock.receive('a', 2, 20, 5);
  assert.equal(stock.sell('a', 5, 1), 2 * 3 + 2 * 5 + 7);
  assert.equal(stock.value(), 7);
  assert.equal(stock.sell('a', 2, 1), null);
  assert.equal(stock.sell('a', 1, 1), 7);
  assert.equal(stock.sell('a', 0, 1), 0);
  assert.equal(stock.shelf('a').size, 0);
});

test('selling does not sell expired goods', () => {
  const stock = new Stock();
  stock.receive('a', 2, 5, 10);
  stock.receive('a', 2, 6, 20);
  assert.equal(stock.sell('a', 3, 6), null);
  assert.equal(stock.wasted, 20);
  assert.equal(stock.sell('a', 2, 6), 40);
});

test('missing', () => {
  const stock = new Stock();
  stock.receive('a', 3, 5, 1);
  assert.deepEqual(stock.missing({ a: 3 }), []);
  assert.deepEqual(stock.missing({ a: 4, c: 2, b: 2, d: 9 }), [['d', 9], ['b', 2], ['c', 2], ['a', 1]]);
  assert.equal(stock.value(), 3);
});
