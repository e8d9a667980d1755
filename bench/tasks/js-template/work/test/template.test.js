import test from 'node:test';
import assert from 'node:assert/strict';
import { render } from '../src/template.js';

test('plain text', () => {
  assert.equal(render('<p>{{who.name}}</p>', { who: { name: 'Ada' } }), '<p>Ada</p>');
});

test('a comment with markup', () => {
  assert.equal(
    render('<ul>{{#comments}}<li>{{text}}</li>{{/comments}}</ul>', {
      comments: [{ text: 'a < b' }, { text: '<b>"so" & so</b>' }],
    }),
    '<ul><li>a &lt; b</li><li>&lt;b&gt;&quot;so&quot; &amp; so&lt;/b&gt;</li></ul>',
  );
});

test('raw text', () => {
  assert.equal(render('{{{html}}}', { html: '<hr>' }), '<hr>');
});
