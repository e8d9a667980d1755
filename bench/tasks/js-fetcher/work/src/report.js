// Downloads a list of files and says which of them worked.

import { retry } from './retry.js';

async function downloadOne(name, download, options) {
  const started = options.now ? options.now() : 0;
  const body = await retry(() => download(name), options);
  const ended = options.now ? options.now() : 0;
  return { name, bytes: body.length, time: ended - started };
}

export async function downloadAll(names, download, options = {}) {
  const report = { done: [], failed: [] };
  for (const name of names) {
    try {
      const result = downloadOne(name, download, options);
      report.done.push(result);
    } catch (error) {
      report.failed.push({ name, reason: error.message });
    }
  }
  return report;
}

export function summary(report) {
  const bytes = report.done.reduce((sum, file) => sum + file.bytes, 0);
  const lines = [`${report.done.length} files, ${bytes} bytes`];
  for (const { name, reason } of report.failed) {
    lines.push(`failed: ${name} (${reason})`);
  }
  return lines.join('\n');
}
