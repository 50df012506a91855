// An equation with its numbers in it: every tensor of the formula gives way to its cells.

import { digits, grid, isSmall } from "./cells.js";
import { draw } from "./formulas.js";
import { before } from "./run.js";

const TERM = "\\htmlData{term=";
const EXPONENT = /\^(\\top|\w|\{[^{}]*\})$/; // of a tensor; it stays, behind the numbers
const SMALL = 0.62; // of the formula's size
const ROW = 1.5;
const WIDEST = 44; // of the digits' size, for a whole equation; a longer one would not be legible

// The element, or null where some tensor of the equation is unknown, too large for its digits, or only
// one copy or sample of what its numbers are.
export function withNumbers(step, latex) {
  const used = [];
  const parts = latex.split(/ = | \\leftarrow /);
  if (parts.length !== 2) return null;
  const left = replaced(parts[0], () => step.value, used);
  const right = replaced(parts[1], (name) => before(step, name), used);
  if (left === null || right === null || !used.length) return null;
  if (used.reduce((sum, value) => sum + wide(value), 0) > WIDEST) return null;
  const element = document.createElement("div");
  element.className = "formula numbers";
  const relation = latex.includes(" \\leftarrow ") ? "\\leftarrow" : "=";
  draw(element, `${left} ${relation} ${right}`);
  element.querySelectorAll("[data-value]").forEach((place) => {
    const room = place.querySelector(".katex-rule");
    const cells = grid(used[Number(place.dataset.value)]);
    room.style.verticalAlign = room.style.bottom; // KaTeX moves it by less than its line makes room for
    room.style.bottom = "0";
    cells.style.fontSize = `${SMALL}em`;
    cells.style.width = `calc(${room.style.borderRightWidth} / ${SMALL})`;
    cells.style.height = `calc(${room.style.borderTopWidth} / ${SMALL})`;
    room.append(cells);
  });
  return element;
}

// The formula with rules as wide and high as the numbers will be; null where a value is missing.
function replaced(latex, valueOf, used) {
  let text = "";
  let rest = latex;
  for (let at = rest.indexOf(TERM); at >= 0; at = rest.indexOf(TERM)) {
    text += rest.slice(0, at);
    const name = rest.slice(at + TERM.length, rest.indexOf("}", at));
    const open = at + TERM.length + name.length + 1;
    const close = closing(rest, open);
    const body = rest.slice(open + 1, close);
    rest = rest.slice(close + 1);
    if (name.startsWith("t.")) {
      const value = valueOf(name.slice(2));
      if (!value || !isSmall(value) || body.includes("^{(")) return null;
      text += `\\htmlData{value=${used.length}}{${rule(value)}}${body.match(EXPONENT)?.[0] ?? ""}`;
      used.push(value);
    } else {
      const inner = replaced(body, valueOf, used);
      if (inner === null) return null;
      text += inner;
    }
  }
  return text + rest;
}

function closing(text, open) {
  let depth = 0;
  for (let k = open; k < text.length; k++) {
    if (text[k] === "\\") k++;
    else if (text[k] === "{") depth++;
    else if (text[k] === "}" && --depth === 0) return k;
  }
  return text.length;
}

// How wide each column is, in the size of its digits: KaTeX's are half as wide as high.
function widths(value) {
  const long = (text) => 0.5 * text.length + (text.startsWith("\u2212") ? 0.28 : 0);
  return value.cells[0].map((_, x) => Math.max(...value.cells.map((row) => long(digits(row[x])))));
}

function wide(value) {
  return widths(value).reduce((sum, width) => sum + width + 0.75, 0.5);
}

function rule(value) {
  const width = SMALL * wide(value);
  const height = SMALL * ROW * value.cells.length + 0.1;
  return `\\rule[${(0.25 - height / 2).toFixed(2)}em]{${width.toFixed(2)}em}{${height.toFixed(2)}em}`;
}
