import test from 'node:test';
import assert from 'node:assert/strict';
import { formatLink, normalise, parseLink, resolve, withQuery } from '../src/link.js';
import { decode, encode, formatQuery, parseQuery } from '../src/query.js';

test('codes', () => {
  assert.equal(decode('a+b%2Bc'), 'a b+c');
  assert.equal(encode('a b+c/ä'), 'a+b%2Bc%2F%C3%A4');
});

test('queries', () => {
  for (const [text, want] of [
    ['', {}], ['a', { a: '' }], ['a=', { a: '' }], ['a=b=c', { a: 'b=c' }], ['&&a=1&', { a: '1' }],
    ['a=1&a=2&a=3', { a: ['1', '2', '3'] }], ['=x', { '': 'x' }], ['a%3Db=%26', { 'a=b': '&' }],
  ]) {
    assert.deepEqual(parseQuery(text), want, text);
  }
  for (const [values, want] of [
    [{}, ''], [{ b: 1, a: 2 }, 'a=2&b=1'], [{ a: null, b: undefined, c: 0 }, 'c=0'],
    [{ a: [] }, ''], [{ a: ['x', null, 'y'] }, 'a=x&a=y'], [{ 'a b': '' }, 'a+b='],
  ]) {
    assert.equal(formatQuery(values), want);
  }
});

test('links', () => {
  for (const [text, path, query, anchor] of [
    ['/a', '/a', {}, ''], ['/a?', '/a', {}, ''], ['/a#b?c=1', '/a', {}, 'b?c=1'],
    ['?x=1', '', { x: '1' }, ''], ['#', '', {}, ''], ['/a?b=1?2#c#d', '/a', { b: '1?2' }, 'c#d'],
  ]) {
    assert.deepEqual(parseLink(text), { path, query, anchor }, text);
  }
  assert.equal(formatLink({ path: '/a' }), '/a');
  assert.equal(formatLink({ path: '/a', query: { b: 1 }, anchor: 'c' }), '/a?b=1#c');
});

test('normalise', () => {
  for (const [path, want] of [
    ['/', '/'], ['', '/'], ['/a/b/', '/a/b/'], ['/a//b', '/a/b'], ['/../a', '/a'],
    ['/a/../..', '/'], ['/a/./b/..', '/a'], ['/../', '/'], ['/.a', '/.a'],
  ]) {
    assert.equal(normalise(path), want, path);
  }
});

test('resolve', () => {
  for (const [base, target, want] of [
    ['/a/b', 'c', '/a/c'], ['/a/b/', 'c', '/a/b/c'], ['/a', 'b?x=1#y', '/b?x=1#y'],
    ['/a?x=1', '?y=2', '/a?y=2'], ['/a?x=1', '?', '/a'], ['/a?x=1', '', '/a?x=1'],
    ['/a/b/c/d', '../../e/', '/a/e/'], ['/a', '../..', '/'],
  ]) {
    assert.equal(resolve(base, target), want, `${base} ${target}`);
  }
});

test('changes', () => {
  assert.equal(withQuery('/a?b=1', {}), '/a?b=1');
  assert.equal(withQuery('/a?b=1', { b: null }), '/a');
  assert.equal(withQuery('/a?z=1#t', { b: 0 }), '/a?b=0&z=1#t');
});
