import test from 'node:test';
import assert from 'node:assert/strict';
import { report } from '../src/grades.js';

test('two digits', () => {
  assert.equal(
    report('Ada: 80\nBo: 60\nCy: 92'),
    'Ada B\nBo C\nCy A\nmean 77.3, median 80.0\n50+ #\n75+ ##',
  );
});

test('full points', () => {
  assert.equal(
    report('Ada: 100\nBo: 70\nCy: 85'),
    'Ada A\nBo C\nCy B\nmean 85.0, median 85.0\n50+ #\n75+ #\n100+ #',
  );
});
