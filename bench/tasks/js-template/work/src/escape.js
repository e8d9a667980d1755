// Makes text safe to be put into HTML.

export function escapeHtml(text) {
  return String(text)
    .replace('<', '&lt;')
    .replace('>', '&gt;')
    .replace('"', '&quot;')
    .replace("'", '&#39;')
    .replace('&', '&amp;');
}

// Only letters, digits, dashes: safe as an id or a class.
export function slug(text) {
  return String(text)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
