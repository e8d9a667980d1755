import test from 'node:test';
import assert from 'node:assert/strict';
import { parse, write } from '../src/csv.js';
import { records, sumBy } from '../src/records.js';

test('quotes', () => {
  assert.deepEqual(parse('a,"b,c","d ""e"""\n1,,3'), [
    ['a', 'b,c', 'd "e"'],
    ['1', '', '3'],
  ]);
});

test('round trip', () => {
  const rows = [['x', 'say "hi"'], ['two\nlines', 'a,b']];
  assert.deepEqual(parse(write(rows)), rows);
});

test('records', () => {
  const sales = records('city;sold\nParis;3\nRome;4\n\nParis;5\nOslo;\n', ';');
  assert.equal(sales.length, 4);
  assert.deepEqual(sumBy(sales, 'city', 'sold'), { Paris: 8, Rome: 4, Oslo: 0 });
});
