// A priority queue: a sorted list with binary search.

export class Queue {
  constructor(key) {
    this.key = key;
    this.items = [];
  }

  get size() {
    return this.items.length;
  }

  // Where an item with this key goes, behind all with the same key.
  place(key) {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.key(this.items[middle]) <= key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  push(item) {
    this.items.splice(this.place(this.key(item)), 0, item);
  }

  first() {
    return this.items[0];
  }

  shift() {
    return this.items.shift();
  }

  // Removes and returns all items with a key below the given one.
  shiftBelow(key) {
    let count = 0;
    while (count < this.items.length && this.key(this.items[count]) < key) count += 1;
    return this.items.splice(0, count);
  }
}
