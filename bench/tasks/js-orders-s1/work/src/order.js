// An order: it is filled, paid, sent and perhaps returned.

import { Machine } from './machine.js';

const RETURN_DAYS = 14;

const TRANSITIONS = [
  { from: 'open', event: 'pay', to: 'paid', when: (order) => order.paid >= order.total() },
  { from: 'open', event: 'pay', to: 'open' },
  { from: 'paid', event: 'ship', to: 'shipped' },
  { from: 'shipped', event: 'return', to: 'returned', when: (order) => order.returnable() },
  { from: 'shipped', event: 'cancel', to: 'shipped', when: () => false },
  { from: 'open', event: 'cancel', to: 'cancelled' },
  { from: 'paid', event: 'cancel', to: 'cancelled' },
];

export class Order {
  constructor() {
    this.lines = new Map();
    this.paid = 0;
    this.shippedDay = null;
    this.day = 0;
    this.machine = new Machine('open', TRANSITIONS);
  }

  get state() {
    return this.machine.state;
  }

  add(name, price, count = 1) {
    if (this.state !== 'open') throw new Error('the order is closed');
    const line = this.lines.get(name) ?? { price, count: 0 };
    line.count += count;
    this.lines.set(name, line);
  }

  remove(name, count = 1) {
    const line = this.lines.get(name);
    if (line === undefined || line.count < count) return false;
    line.count -= count;
    if (line.count === 0) this.lines.delete(name);
    return true;
  }

  total() {
    let sum = 0;
    for (const { price, count } of this.lines.values()) sum += price * count;
    return sum >= 5000 ? sum : sum + 490;
  }

  pay(amount) {
    if (this.lines.size === 0) throw new Error('the order is empty');
    this.paid += amount;
    return this.machine.send('pay', this);
  }

  ship(day) {
    this.machine.send('ship', this);
    this.shippedDay = day;
    this.day = day;
  }

  returnable() {
    return this.day - this.shippedDay <= RETURN_DAYS;
  }

  giveBack(day) {
    this.day = day;
    return this.machine.send('return', this);
  }

  cancel() {
    this.machine.send('cancel', this);
    const refund = this.paid;
    this.paid = 0;
    return refund;
  }

  due() {
    return Math.max(0, this.total() - this.paid);
  }
}
