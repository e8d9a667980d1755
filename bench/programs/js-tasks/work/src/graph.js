// Orders things that depend on each other.

// A cycle in the dependencies as a list of names, or null.
export function findCycle(needs) {
  const state = new Map();
  const trail = [];
  function visit(name) {
    if (state.get(name) === 'done') return null;
    if (state.get(name) === 'open') {
      return [...trail.slice(trail.indexOf(name)), name];
    }
    state.set(name, 'open');
    trail.push(name);
    for (const other of needs.get(name) ?? []) {
      const cycle = visit(other);
      if (cycle) return cycle;
    }
    trail.pop();
    state.set(name, 'done');
    return null;
  }
  for (const name of needs.keys()) {
    const cycle = visit(name);
    if (cycle) return cycle;
  }
  return null;
}

// All names so that each comes after what it needs; by name where free.
export function order(needs) {
  const waiting = new Map();
  for (const [name, others] of needs) waiting.set(name, new Set(others));
  const sorted = [];
  while (waiting.size > 0) {
    const ready = [...waiting.keys()].filter((name) => waiting.get(name).size === 0).sort();
    if (ready.length === 0) throw new Error('there is a cycle');
    const next = ready[0];
    waiting.delete(next);
    for (const others of waiting.values()) others.delete(next);
    sorted.push(next);
  }
  return sorted;
}
