import test from 'node:test';
import assert from 'node:assert/strict';
import { Order } from '../src/order.js';

function order(paid) {
  const order = new Order();
  order.add('mug', 800, 2);
  order.add('pot', 2400);
  if (paid) order.pay(4490);
  return order;
}

test('an order is paid in parts', () => {
  const some = order();
  assert.equal(some.total(), 4490);
  assert.equal(some.pay(4000), 'open');
  assert.equal(some.due(), 490);
  assert.equal(some.pay(490), 'paid');
});

test('an order is sent and comes back', () => {
  const some = order(true);
  some.ship(10);
  assert.throws(() => some.cancel());
  assert.equal(some.giveBack(24), 'returned');
});

test('a late return is refused', () => {
  const some = order(true);
  some.ship(10);
  assert.throws(() => some.giveBack(25), /cannot return while shipped/);
});

test('an order is cancelled', () => {
  const some = order();
  some.pay(1000);
  assert.equal(some.cancel(), 1000);
  assert.throws(() => some.add('cup', 100));
});
