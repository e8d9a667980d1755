import test from 'node:test';
import assert from 'node:assert/strict';
import { critical, duration, plan } from '../src/plan.js';

const BUILD = `
fetch 2
compile 5: fetch
assets 3: fetch
link 1: compile assets
docs 4
pack 2: link docs
`;

test('times', () => {
  const times = plan(BUILD);
  assert.deepEqual(times.link, { start: 7, end: 8 });
  assert.deepEqual(times.pack, { start: 8, end: 10 });
  assert.equal(duration(times), 10);
});

test('order of the plan', () => {
  assert.deepEqual(Object.keys(plan(BUILD)), ['docs', 'fetch', 'assets', 'compile', 'link', 'pack']);
});

test('critical chain', () => {
  assert.deepEqual(critical(BUILD), ['fetch', 'compile', 'link', 'pack']);
});

test('mistakes', () => {
  assert.throws(() => plan('a 1: b'), /a needs b, which is missing/);
  assert.throws(() => plan('a 1: b\nb 1: c\nc 1: b'), /cycle: b > c > b/);
  assert.throws(() => plan('a'), /cannot read/);
});
