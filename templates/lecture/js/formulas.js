// Formulas by KaTeX, drawn when they come near the window.

import { enter, leave } from "./marks.js";

const TRUSTED = ["data-term", "data-value"];
const options = {
  displayMode: true,
  fleqn: true,
  throwOnError: false,
  output: "html",
  strict: false,
  maxSize: 40,
  trust: ({ command, attributes }) =>
    command === "\\htmlData" && Object.keys(attributes).every((name) => TRUSTED.includes(name)),
};
const SMALLEST = 0.62; // of a formula that would be wider than its column

const waiting = new Map();
const drawn = new Set(); // formulas that stand alone, and so may have to shrink
const watcher = new IntersectionObserver(
  (seen) => drawWaiting(seen.filter((entry) => entry.isIntersecting).map((entry) => entry.target)),
  { rootMargin: "600px" },
);

// ``inline`` formulas stand in a line of text.
export function typeset(element, latex, inline = false) {
  waiting.set(element, { latex, inline });
  watcher.observe(element);
}

// Puts other children into an element; the formulas and terms of the old ones are forgotten.
export function refill(element, ...children) {
  if (element.firstChild) {
    leave(element);
    for (const old of waiting.keys()) {
      if (old !== element && element.contains(old)) forget(old);
    }
  }
  element.replaceChildren(...children);
}

function forget(element) {
  watcher.unobserve(element);
  waiting.delete(element);
}

export function drawAll() {
  drawWaiting([...waiting.keys()]);
}

function drawWaiting(elements) {
  const fresh = [];
  for (const element of elements) {
    const { latex, inline } = waiting.get(element) ?? {};
    forget(element);
    if (latex === undefined) continue;
    draw(element, latex, inline);
    if (!inline) fresh.push(element);
  }
  fit(fresh);
}

// Draws at once.
export function draw(element, latex, inline = false) {
  leave(element);
  katex.render(latex, element, inline ? { ...options, displayMode: false, fleqn: false } : options);
  for (const term of [...element.querySelectorAll("[data-term]")].reverse()) {
    term.tabIndex = -1;
    const last = term.lastElementChild;
    if (last?.matches(".mspace")) term.after(last); // the space behind a term is no part of it
  }
  enter(element);
}

// Formulas that are too wide shrink as far as they stay legible; beyond that they can be moved sideways.
// All are measured before one is changed: so the browser lays the page out once.
export function fit(elements) {
  for (const element of elements) drawn.add(element);
  for (const element of elements) element.style.fontSize = "";
  const wide = elements.map((element) => [element.clientWidth, element.scrollWidth]);
  elements.forEach((element, k) => {
    const [room, width] = wide[k];
    if (room && width > room) element.style.fontSize = `${Math.max(SMALLEST, room / width) * 100}%`;
  });
}

export function fitAll() {
  for (const element of drawn) {
    if (!element.isConnected) drawn.delete(element);
  }
  fit([...drawn].filter((element) => !waiting.has(element)));
}
