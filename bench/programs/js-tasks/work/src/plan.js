// Plans the steps of a build.

import { findCycle, order } from './graph.js';

// Reads lines such as `link 3: compile assets`.
export function parseSteps(text) {
  const steps = new Map();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const match = /^\s*(\w+)\s+(\d+)\s*(?::\s*(.*))?$/.exec(line);
    if (match === null) throw new Error(`cannot read: ${line}`);
    const [, name, minutes, needs] = match;
    if (steps.has(name)) throw new Error(`${name} is there twice`);
    steps.set(name, {
      minutes: Number(minutes),
      needs: (needs ?? '').split(/\s+/).filter((other) => other !== ''),
    });
  }
  return steps;
}

export function checkSteps(steps) {
  for (const [name, { needs }] of steps) {
    for (const other of needs) {
      if (!steps.has(other)) throw new Error(`${name} needs ${other}, which is missing`);
    }
  }
  const cycle = findCycle(new Map([...steps].map(([name, { needs }]) => [name, needs])));
  if (cycle) throw new Error(`cycle: ${cycle.join(' > ')}`);
}

// When each step starts and ends if everything runs as early as it can.
export function plan(text) {
  const steps = parseSteps(text);
  checkSteps(steps);
  const times = {};
  for (const name of order(new Map([...steps].map(([key, { needs }]) => [key, needs])))) {
    const { minutes, needs } = steps.get(name);
    let start = 0;
    for (const other of needs) start = Math.max(start, times[other].end);
    times[name] = { start, end: start + minutes };
  }
  return times;
}

export function duration(times) {
  return Math.max(0, ...Object.values(times).map(({ end }) => end));
}

// The chain of steps that makes the build as long as it is.
export function critical(text) {
  const times = plan(text);
  const steps = parseSteps(text);
  const chain = [];
  let name = Object.keys(times).find((key) => times[key].end === duration(times));
  while (name !== undefined) {
    chain.unshift(name);
    const { start } = times[name];
    name = start === 0 ? undefined : steps.get(name).needs.find((other) => times[other].end === start);
  }
  return chain;
}
