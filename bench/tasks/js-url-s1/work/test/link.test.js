import test from 'node:test';
import assert from 'node:assert/strict';
import { parseLink, resolve, withQuery } from '../src/link.js';

test('a link is taken apart', () => {
  assert.deepEqual(parseLink('/find?q=a+b%26c&tag=x&tag=y&all#top'), {
    path: '/find',
    query: { q: 'a b&c', tag: ['x', 'y'], all: '' },
    anchor: 'top',
  });
});

test('parameters are changed', () => {
  assert.equal(withQuery('/list?page=2&sort=name#end', { page: 3, sort: null }), '/list?page=3#end');
  assert.equal(withQuery('/list', { q: 'a b', n: [1, 2] }), '/list?n=1&n=2&q=a+b');
});

test('links are resolved', () => {
  assert.equal(resolve('/a/b/c?x=1', '../d'), '/a/d');
  assert.equal(resolve('/a/b/c?x=1', '/e/./f/'), '/e/f/');
  assert.equal(resolve('/a/b?x=1#one', '#two'), '/a/b?x=1#two');
});
