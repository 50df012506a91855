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
const watcher = new IntersectionObserver(
  (seen) => seen.filter((entry) => entry.isIntersecting).forEach((entry) => drawWaiting(entry.target)),
  { rootMargin: "600px" },
);

// ``inline`` formulas stand in a line of text.
export function typeset(element, latex, inline = false) {
  waiting.set(element, { latex, inline });
  watcher.observe(element);
}

export function drawAll() {
  for (const element of [...waiting.keys()]) drawWaiting(element);
}

function drawWaiting(element) {
  const { latex, inline } = waiting.get(element) ?? {};
  watcher.unobserve(element);
  if (latex === undefined) return;
  waiting.delete(element);
  draw(element, latex, inline);
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
  if (!inline) fit(element);
  enter(element);
}

// A formula that is too wide shrinks as far as it stays legible; beyond that it can be moved sideways.
function fit(element) {
  element.style.fontSize = "";
  const room = element.clientWidth;
  const wide = element.scrollWidth;
  if (room && wide > room) {
    element.style.fontSize = `${Math.max(SMALLEST, room / wide) * 100}%`;
  }
}

export function fitAll() {
  for (const element of document.querySelectorAll(".formula")) {
    if (!waiting.has(element)) fit(element);
  }
}
