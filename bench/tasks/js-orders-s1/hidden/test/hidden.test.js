import test from 'node:test';
import assert from 'node:assert/strict';
import { Machine } from '../src/machine.js';
import { Order } from '../src/order.js';

test('a machine', () => {
  const machine = new Machine('a', [
    { from: 'a', event: 'go', to: 'b' },
    { from: 'b', event: 'go', to: 'c', when: (open) => open },
    { from: 'b', event: 'stay', to: 'b' },
    { from: '*', event: 'reset', to: 'a' },
  ]);
  assert.equal(machine.back(), false);
  assert.equal(machine.can('stay'), false);
  assert.equal(machine.send('go'), 'b');
  assert.equal(machine.send('stay'), 'b');
  assert.equal(machine.can('go', false), false);
  assert.throws(() => machine.send('go', false), /cannot go while b/);
  assert.equal(machine.send('go', true), 'c');
  assert.deepEqual(machine.history, ['a', 'b', 'c']);
  assert.equal(machine.back(), true);
  assert.equal(machine.state, 'b');
  assert.equal(machine.send('reset'), 'a');
  assert.equal(machine.back(), true);
  assert.equal(machine.back(), true);
  assert.equal(machine.state, 'a');
  assert.equal(machine.back(), false);
});

test('totals', () => {
  const order = new Order();
  assert.throws(() => order.pay(1), /empty/);
  assert.equal(order.total(), 490);
  order.add('a', 4999);
  assert.equal(order.total(), 5489);
  order.add('b', 1);
  assert.equal(order.total(), 5000);
  order.add('a', 4999, 2);
  assert.equal(order.total(), 14998);
});

test('lines can be removed', () => {
  const order = new Order();
  order.add('a', 100, 3);
  assert.equal(order.remove('b'), false);
  assert.equal(order.remove('a', 4), false);
  assert.equal(order.remove('a'), true);
  assert.equal(order.total(), 690);
  assert.equal(order.remove('a', 2), true);
  assert.equal(order.lines.size, 0);
});

test('states', () => {
  const order = new Order();
  order.add('a', 5000);
  assert.throws(() => order.ship(1), /cannot ship while open/);
  assert.equal(order.due(), 5000);
  assert.equal(order.pay(6000), 'paid');
  assert.equal(order.due(), 0);
  assert.throws(() => order.add('b', 1), /closed/);
  assert.throws(() => order.giveBack(1));
  order.ship(100);
  assert.equal(order.state, 'shipped');
  assert.throws(() => order.cancel(), /cannot cancel while shipped/);
  assert.throws(() => order.giveBack(115));
  assert.equal(order.giveBack(114), 'returned');
});

test('a paid order can be cancelled', () => {
  const order = new Order();
  order.add('a', 100);
  order.pay(590);
  assert.equal(order.cancel(), 590);
  assert.equal(order.state, 'cancelled');
  assert.equal(order.paid, 0);
  assert.throws(() => order.pay(1), /cannot pay while cancelled/);
});
