// Fills templates: {{name}} is escaped, {{{name}}} is not, and
// {{#list}}...{{/list}} is repeated for each entry of a list.

import { escapeHtml } from './escape.js';

function lookup(values, path) {
  let value = values;
  for (const part of path.split('.')) {
    if (value === null || value === undefined) return '';
    value = value[part];
  }
  return value ?? '';
}

function fillNames(template, values) {
  return template
    .replace(/\{\{\{\s*([\w.]+)\s*\}\}\}/g, (_, path) => `\u0000${path}\u0000`)
    .replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, path) => escapeHtml(lookup(values, path)))
    .replace(/\u0000([\w.]+)\u0000/g, (_, path) => String(lookup(values, path)));
}

export function render(template, values) {
  const repeated = template.replace(
    /\{\{#([\w.]+)\}\}([\s\S]*?)\{\{\/\1\}\}/g,
    (_, path, inner) => {
      const entries = lookup(values, path);
      if (!Array.isArray(entries)) return '';
      return entries.map((entry) => fillNames(inner, entry)).join('');
    },
  );
  return fillNames(repeated, values);
}
