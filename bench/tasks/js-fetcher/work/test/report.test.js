import test from 'node:test';
import assert from 'node:assert/strict';
import { downloadAll, summary } from '../src/report.js';

const files = { a: 'hello', b: 'you' };

async function download(name) {
  if (!(name in files)) throw new Error('not found');
  return files[name];
}

test('all files are there', async () => {
  const report = await downloadAll(['a', 'b'], download);
  assert.equal(summary(report), '2 files, 8 bytes');
});

test('a missing file is reported', async () => {
  const report = await downloadAll(['a', 'x', 'b'], download);
  assert.equal(summary(report), '2 files, 8 bytes\nfailed: x (not found)');
});
