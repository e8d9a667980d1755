// A warehouse that sells what expires first.

import { Queue } from './queue.js';

export class Stock {
  constructor() {
    this.shelves = new Map();
    this.wasted = 0;
  }

  shelf(name) {
    if (!this.shelves.has(name)) {
      this.shelves.set(name, new Queue((batch) => batch.expires));
    }
    return this.shelves.get(name);
  }

  receive(name, count, expires, price) {
    if (count <= 0) throw new Error('nothing received');
    this.shelf(name).push({ count, expires, price });
  }

  count(name) {
    return this.shelf(name).items.reduce((sum, batch) => sum + batch.count, 0);
  }

  // Throws away what has expired before the given day.
  clean(day) {
    for (const shelf of this.shelves.values()) {
      for (const batch of shelf.shiftBelow(day)) this.wasted += batch.count * batch.price;
    }
  }

  // Takes items out and returns what they cost; all or nothing.
  sell(name, count, day) {
    this.clean(day);
    if (this.count(name) < count) return null;
    const shelf = this.shelf(name);
    let left = count;
    let cost = 0;
    while (left > 0) {
      const batch = shelf.first();
      const taken = Math.min(left, batch.count);
      batch.count -= taken;
      left -= taken;
      cost += taken * batch.price;
      if (batch.count === 0) shelf.shift();
    }
    return cost;
  }

  // The names that have fewer items than wanted, and how many are missing.
  missing(wanted) {
    const list = [];
    for (const [name, count] of Object.entries(wanted)) {
      const there = this.count(name);
      if (there < count) list.push([name, count - there]);
    }
    return list.sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  }

  value() {
    let sum = 0;
    for (const shelf of this.shelves.values()) {
      for (const { count, price } of shelf.items) sum += count * price;
    }
    return sum;
  }
}
