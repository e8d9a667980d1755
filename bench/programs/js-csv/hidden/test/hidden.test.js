import test from 'node:test';
import assert from 'node:assert/strict';
import { parse, quote, write } from '../src/csv.js';
import { convert, groupBy, records, sumBy } from '../src/records.js';

test('parse', () => {
  for (const [text, want] of [
    ['', []],
    ['a', [['a']]],
    ['a\n', [['a']]],
    ['a,', [['a', '']]],
    [',\n', [['', '']]],
    ['\n', [['']]],
    ['a\r\nb\r\n', [['a'], ['b']]],
    ['"a\nb",c', [['a\nb', 'c']]],
    ['""', []],
    ['"",x', [['', 'x']]],
    ['""""', [['"']]],
    ['a"b', [['a"b']]],
    ['"a""b""c"', [['a"b"c']]],
    ['a,b\nc', [['a', 'b'], ['c']]],
  ]) {
    assert.deepEqual(parse(text), want, JSON.stringify(text));
  }
  assert.throws(() => parse('"a'));
  assert.throws(() => parse('"a""'));
});

test('write', () => {
  assert.equal(quote('a;b'), 'a;b');
  assert.equal(quote('a;b', ';'), '"a;b"');
  assert.equal(quote('"'), '""""');
  assert.equal(quote('a\nb'), '"a\nb"');
  assert.equal(quote(12), '12');
  assert.equal(write([['a', 1], ['b,c', 2]]), 'a,1\n"b,c",2\n');
  assert.equal(write([]), '');
  assert.equal(write([['a', 'b']], '|'), 'a|b\n');
});

test('convert', () => {
  for (const [text, want] of [
    ['', null], ['0', 0], ['-1.5', -1.5], ['1.', '1.'], ['true', true], ['false', false],
    ['x1', 'x1'], ['1e3', '1e3'], ['--1', '--1'],
  ]) {
    assert.equal(convert(text), want, text);
  }
});

test('records', () => {
  assert.deepEqual(records(''), []);
  assert.deepEqual(records('a,b\n'), []);
  assert.deepEqual(records(' a ,b\n1,x\n2\n\n'), [{ a: 1, b: 'x' }, { a: 2, b: null }]);
  assert.throws(() => records('a\n1,2'), /row 1 /);
  assert.throws(() => records('a\n1\n1,2'), /row 2 /);
  assert.deepEqual(records('a,b\n,\n'), [{ a: null, b: null }]);
});

test('groups', () => {
  const list = records('k,v\na,1\nb,2\na,\na,3\n');
  assert.deepEqual(Object.keys(groupBy(list, 'k')), ['a', 'b']);
  assert.equal(groupBy(list, 'k').a.length, 3);
  assert.deepEqual(sumBy(list, 'k', 'v'), { a: 4, b: 2 });
  assert.deepEqual(sumBy([], 'k', 'v'), {});
});
