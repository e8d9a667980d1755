// Links: path, query and anchor.

import { formatQuery, parseQuery } from './query.js';

export function parseLink(text) {
  let rest = text;
  let anchor = '';
  const hash = rest.indexOf('#');
  if (hash >= 0) {
    anchor = rest.slice(hash + 1);
    rest = rest.slice(0, hash);
  }
  const mark = rest.indexOf('?');
  if (mark < 0) return { path: rest, query: {}, anchor };
  return { path: rest.slice(0, mark), query: parseQuery(rest.slice(mark + 1)), anchor };
}

export function formatLink({ path, query = {}, anchor = '' }) {
  const text = formatQuery(query);
  return path + (text === '' ? '' : `?${text}`) + (anchor === '' ? '' : `#${anchor}`);
}

// The path without `.` and `..`; it never leads above the root.
export function normalise(path) {
  const parts = [];
  for (const part of path.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '.' && part !== '') {
      parts.push(part);
    }
  }
  const slash = path.endsWith('/') && parts.length > 0 ? '/' : '';
  return '/' + parts.join('/') + slash;
}

// The link that `target` means on the page `base`.
export function resolve(base, target) {
  const from = parseLink(base);
  const to = parseLink(target);
  if (to.path === '') {
    const query = target.includes('?') ? to.query : from.query;
    return formatLink({ path: from.path, query, anchor: to.anchor });
  }
  const directory = from.path.slice(0, from.path.lastIndexOf('/') + 1);
  const path = to.path.startsWith('/') ? to.path : directory + to.path;
  return formatLink({ ...to, path: normalise(path) });
}

// The link with some parameters changed; null removes one.
export function withQuery(link, changes) {
  const { path, query, anchor } = parseLink(link);
  return formatLink({ path, query: { ...query, ...changes }, anchor });
}
