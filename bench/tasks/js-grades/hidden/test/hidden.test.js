import test from 'node:test';
import assert from 'node:assert/strict';
import { ascending, histogram, mean, median, quantile } from '../src/stats.js';
import { report } from '../src/grades.js';

test('ascending by value', () => {
  const given = [9, 100, 10, -3, 0.5, 2];
  assert.deepEqual(ascending(given), [-3, 0.5, 2, 9, 10, 100]);
  assert.deepEqual(given, [9, 100, 10, -3, 0.5, 2]);
});

test('median', () => {
  for (const [values, want] of [
    [[5], 5], [[1, 2], 1.5], [[100, 9, 50], 50], [[8, 100, 9, 10], 9.5], [[-1, -10, -2], -2],
  ]) {
    assert.equal(median(values), want, String(values));
  }
  assert.equal(median([]), null);
  assert.equal(mean([]), null);
});

test('quantile', () => {
  const values = [100, 20, 40, 0, 60, 80, 5];
  assert.equal(quantile(values, 0), 0);
  assert.equal(quantile(values, 1), 100);
  assert.equal(quantile([10, 20, 100], 0.25), 15);
});

test('histogram is in order', () => {
  assert.deepEqual(histogram([100, 7, 12, 55, 5], 10), [[0, 2], [10, 1], [50, 1], [100, 1]]);
});

test('nobody', () => {
  assert.equal(report(''), 'nobody took part');
});
