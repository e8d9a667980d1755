// Reads the points of a class and reports on them.

import { histogram, mean, median } from './stats.js';

export function parsePoints(text) {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [name, points] = line.split(':');
      return { name: name.trim(), points: Number(points) };
    });
}

export function grade(points) {
  if (points >= 90) return 'A';
  if (points >= 75) return 'B';
  if (points >= 50) return 'C';
  return 'F';
}

export function report(text) {
  const students = parsePoints(text);
  const points = students.map((student) => student.points);
  if (points.length === 0) return 'nobody took part';
  const lines = students.map(({ name, points: got }) => `${name} ${grade(got)}`);
  lines.push(`mean ${mean(points).toFixed(1)}, median ${median(points).toFixed(1)}`);
  for (const [start, count] of histogram(points, 25)) {
    lines.push(`${start}+ ${'#'.repeat(count)}`);
  }
  return lines.join('\n');
}
