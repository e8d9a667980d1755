import test from 'node:test';
import assert from 'node:assert/strict';
import { backoff, retry } from '../src/retry.js';
import { downloadAll, summary } from '../src/report.js';

test('each file is tried again', async () => {
  const tries = {};
  const download = async (name) => {
    tries[name] = (tries[name] ?? 0) + 1;
    if (tries[name] < 3) throw new Error('busy');
    return 'abc';
  };
  const report = await downloadAll(['p', 'q'], download, { attempts: 3 });
  assert.deepEqual(tries, { p: 3, q: 3 });
  assert.deepEqual(report.failed, []);
  assert.deepEqual(report.done.map((file) => file.bytes), [3, 3]);
});

test('the last reason is kept', async () => {
  let count = 0;
  const download = async () => {
    count += 1;
    throw new Error(`failure ${count}`);
  };
  const report = await downloadAll(['p'], download, { attempts: 4 });
  assert.equal(count, 4);
  assert.deepEqual(report, { done: [], failed: [{ name: 'p', reason: 'failure 4' }] });
});

test('the order and the times are kept', async () => {
  let clock = 0;
  const now = () => (clock += 10);
  const report = await downloadAll(['p', 'q'], async (name) => name, { now });
  assert.deepEqual(report.done, [
    { name: 'p', bytes: 1, time: 10 },
    { name: 'q', bytes: 1, time: 10 },
  ]);
});

test('it waits between attempts', async () => {
  const waits = [];
  const wait = async (time) => waits.push(time);
  await assert.rejects(retry(async () => { throw new Error('no'); }, { attempts: 4, wait, longest: 300 }));
  assert.deepEqual(waits, [100, 200, 300]);
  assert.equal(backoff(0), 100);
  assert.equal(backoff(20), 5000);
});

test('nothing to do', async () => {
  assert.equal(summary(await downloadAll([], async () => '')), '0 files, 0 bytes');
});
