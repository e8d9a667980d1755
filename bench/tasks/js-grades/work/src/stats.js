// Small statistics over lists of numbers.

export function ascending(values) {
  return [...values].sort();
}

export function mean(values) {
  if (values.length === 0) return null;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

// The value below which the given share of the values lies, with linear
// interpolation between neighbours.
export function quantile(values, share) {
  if (values.length === 0) return null;
  const sorted = ascending(values);
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

export function median(values) {
  return quantile(values, 0.5);
}

export function histogram(values, width) {
  const bins = new Map();
  for (const value of ascending(values)) {
    const start = Math.floor(value / width) * width;
    bins.set(start, (bins.get(start) ?? 0) + 1);
  }
  return [...bins];
}
