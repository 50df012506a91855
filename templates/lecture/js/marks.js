// The links: everything with one key is marked together, wherever it stands.
// An element is a term (data-term), or belongs to equations (data-eq); a term comes first.

import { bring } from "./dom.js";
import { set, state, whenChanged } from "./state.js";

const places = new Map(); // key -> the elements that carry it
const marked = { mark: new Set(), pinned: new Set() };
const pointers = [];
const active = { mark: [], pinned: [] };

export function keysOf(element) {
  if (element.dataset.term) return [element.dataset.term];
  return element.dataset.eq.split(" ").map((id) => "q." + id);
}

function allKeys(element) {
  const own = element.dataset.term ? [element.dataset.term] : [];
  const ids = element.dataset.eq ? element.dataset.eq.split(" ") : [];
  return [...own, ...ids.map((id) => "q." + id)];
}

export function enter(root) {
  for (const element of linked(root)) {
    for (const key of allKeys(element)) {
      if (!places.has(key)) places.set(key, new Set());
      places.get(key).add(element);
      for (const name of ["mark", "pinned"]) {
        if (active[name].includes(key)) add(name, element);
      }
    }
  }
}

export function leave(root) {
  for (const element of linked(root)) {
    for (const key of allKeys(element)) places.get(key)?.delete(element);
    marked.mark.delete(element);
    marked.pinned.delete(element);
  }
}

function linked(root) {
  const below = [...root.querySelectorAll("[data-term],[data-eq]")];
  return root.matches("[data-term],[data-eq]") ? [root, ...below] : below;
}

export function elementsOf(keys) {
  return keys.flatMap((key) => [...(places.get(key) ?? [])]);
}

function add(name, element) {
  marked[name].add(element);
  element.classList.add(name);
}

function show(name, keys) {
  if (keys.join() === active[name].join()) return;
  active[name] = keys;
  const wanted = new Set(elementsOf(keys));
  for (const element of marked[name]) {
    if (!wanted.has(element)) element.classList.remove(name);
  }
  marked[name] = wanted;
  for (const element of wanted) element.classList.add(name);
}

function target(event) {
  const element = event.target;
  return element instanceof Element ? element.closest("[data-term],[data-eq]") : null;
}

function point(event) {
  pointAt(target(event));
}

function pointAt(element) {
  if (element && !element.isConnected) return;
  show("mark", element ? keysOf(element) : []);
  for (const reader of pointers) reader(element);
}

// The reader is told about the element that is pointed at or in focus, or null.
export function whenPointed(reader) {
  pointers.push(reader);
}

export function pin(element) {
  const keys = keysOf(element).join(" ");
  set({ pin: state.pin === keys ? "" : keys });
}

// What is pinned comes into view in the other columns.
function showPinned({ pin: keys }) {
  show("pinned", keys ? keys.split(" ") : []);
  const here = document.activeElement?.closest("main > section");
  for (const column of document.querySelectorAll("main > section")) {
    const first = column === here ? null : column.querySelector(".pinned");
    if (first) bring(first, column);
  }
}

export function startMarks() {
  enter(document.body);
  document.addEventListener("pointerover", point);
  document.addEventListener("focusin", point);
  document.addEventListener("focusout", () => pointAt(null));
  document.documentElement.addEventListener("pointerleave", () => pointAt(null));
  document.addEventListener("click", (event) => {
    const element = target(event);
    if (element && !event.target.closest("button, summary, a")) pin(element);
  });
  whenChanged(["pin"], showPinned);
}
