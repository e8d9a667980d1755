// Turns rows into records with the names of the first row.

import { parse } from './csv.js';

export function convert(text) {
  if (text === '') return null;
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === 'true' || text === 'false') return text === 'true';
  return text;
}

export function records(text, separator = ',') {
  const [head, ...rows] = parse(text, separator);
  if (head === undefined) return [];
  return rows
    .filter((row) => row.length > 1 || row[0] !== '')
    .map((row, index) => {
      if (row.length > head.length) {
        throw new Error(`row ${index + 1} has too many fields`);
      }
      const record = {};
      head.forEach((name, column) => {
        record[name.trim()] = convert(row[column] ?? '');
      });
      return record;
    });
}

export function groupBy(list, name) {
  const groups = {};
  for (const record of list) {
    const key = String(record[name]);
    if (!(key in groups)) groups[key] = [];
    groups[key].push(record);
  }
  return groups;
}

export function sumBy(list, name, value) {
  const sums = {};
  for (const [key, group] of Object.entries(groupBy(list, name))) {
    sums[key] = group.reduce((sum, record) => sum + (record[value] ?? 0), 0);
  }
  return sums;
}
