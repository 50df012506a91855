// What the reader looks at. It stands in the fragment of the address, so that a bookmark brings it back.

import { data } from "./data.js";

const initial = {
  notation: "matrix", // scalar, matrix or index
  steps: "folded", // or open
  mode: "read", // or step, train
  step: 0, // how many equations are computed
  epoch: 0, // which snapshot of the training run
  pin: "", // keys of what is marked for good
  from: "", // the equation whose origin is shown
  theme: "auto", // or light, dark
  tab: "derivation", // which column a phone shows
  comments: "off",
};
const allowed = {
  notation: data.notations,
  steps: ["folded", "open"],
  mode: ["read", "step", "train"],
  theme: ["auto", "light", "dark"],
  tab: ["picture", "derivation", "code"],
  comments: ["on", "off"],
};

export const state = { ...initial };
const readers = [];

export function whenChanged(names, reader) {
  readers.push({ names, reader });
}

export function set(changes) {
  const changed = Object.keys(changes).filter((name) => state[name] !== changes[name]);
  if (!changed.length) return;
  Object.assign(state, changes);
  write();
  tell(changed);
}

export function tellAll() {
  tell(Object.keys(state));
}

export function read() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const found = { ...initial };
  for (const [name, value] of wanted) {
    if (!(name in initial)) continue;
    if (allowed[name] && !allowed[name].includes(value)) continue;
    found[name] = typeof initial[name] === "number" ? Math.max(0, parseInt(value) || 0) : value;
  }
  return found;
}

function tell(changed) {
  for (const { names, reader } of readers) {
    if (names.some((name) => changed.includes(name))) reader(state);
  }
}

function write() {
  const kept = Object.entries(state).filter(([name, value]) => value !== initial[name]);
  const hash = new URLSearchParams(kept).toString();
  try {
    history.replaceState(null, "", "#" + hash);
  } catch {
    // a page inside another one may have no address of its own
  }
}

Object.assign(state, read());
addEventListener("hashchange", () => set(read()));
