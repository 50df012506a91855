// One training step, equation by equation: what is computed by now, and from what.

import { data } from "./data.js";
import { state } from "./state.js";

const steps = data.numbers?.steps ?? [];
const given = new Map(Object.entries(data.numbers?.given ?? {}));
// Places of those steps that are equations; others only hand a value on, together with the next.
const stops = steps.flatMap((step, k) => (step.id ? [k] : []));

export const count = stops.length;

export function current(k = state.step) {
  return k > 0 ? steps[stops[Math.min(k, count) - 1]] : null;
}

// How many of the steps are done when k equations are computed.
function done(k) {
  return k > 0 ? stops[Math.min(k, count) - 1] + 1 : 0;
}

// The values that are known after k equations, by name; what is not computed is not in it.
export function known(k = state.step) {
  const values = new Map(given);
  for (const step of steps.slice(0, done(k))) values.set(step.name, step.value);
  return values;
}

// The equations that ran at least once.
export function computed(k = state.step) {
  return new Set(steps.slice(0, done(k)).map((step) => step.id));
}

// What an equation reads: each name with its value, in the order in which it was computed.
export function operands(step) {
  const found = new Map();
  for (const [name, place] of Object.entries(step.reads ?? {})) found.set(name, steps[place].value);
  return found;
}

// The value that a name had just before a step.
export function before(step, name) {
  const own = operands(step);
  if (own.has(name)) return own.get(name);
  const earlier = steps.slice(0, steps.indexOf(step)).filter((other) => other.name === name);
  const last = earlier[earlier.length - 1];
  if (last) return step.id.startsWith("update.") ? last.value : undefined;
  return given.get(name);
}

export function firstOf(id) {
  return stops.findIndex((place) => steps[place].id === id) + 1;
}

export function rounds(step) {
  return Object.entries(step.at ?? {}).map(([name, value]) => `${name} = ${value}`).join(", ");
}
