// Query strings: a=1&b=x%20y&list=1&list=2

export function decode(text) {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

export function encode(value) {
  return encodeURIComponent(value).replaceAll('%20', '+');
}

export function parseQuery(text) {
  const values = {};
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? '' : decode(part.slice(equals + 1));
    if (name in values) {
      values[name] = [].concat(values[name], value);
    } else {
      values[name] = value;
    }
  }
  return values;
}

export function formatQuery(values) {
  const parts = [];
  for (const name of Object.keys(values).sort()) {
    for (const value of [].concat(values[name])) {
      if (value === null || value === undefined) continue;
      parts.push(`${encode(name)}=${encode(value)}`);
    }
  }
  return parts.join('&');
}
