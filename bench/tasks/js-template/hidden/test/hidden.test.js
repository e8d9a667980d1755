import test from 'node:test';
import assert from 'node:assert/strict';
import { escapeHtml, slug } from '../src/escape.js';
import { render } from '../src/template.js';

test('every special character, every time', () => {
  for (const [text, want] of [
    ['', ''],
    ['plain', 'plain'],
    ['a & b & c', 'a &amp; b &amp; c'],
    ['<<>>', '&lt;&lt;&gt;&gt;'],
    ['"\'"\'', '&quot;&#39;&quot;&#39;'],
    ['&lt;', '&amp;lt;'],
    ['<a href="x">', '&lt;a href=&quot;x&quot;&gt;'],
    [42, '42'],
  ]) {
    assert.equal(escapeHtml(text), want);
  }
});

test('names that are missing', () => {
  assert.equal(render('[{{a.b.c}}]', { a: null }), '[]');
  assert.equal(render('[{{#list}}x{{/list}}]', {}), '[]');
});

test('raw and escaped side by side', () => {
  assert.equal(render('{{x}} {{{x}}}', { x: '<&<&' }), '&lt;&amp;&lt;&amp; <&<&');
});

test('slug', () => {
  assert.equal(slug('Hello, World & Co!'), 'hello-world-co');
});
