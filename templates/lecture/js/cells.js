// Arrays as coloured cells: numbers where they are few, a heat map where they are many.
// Blue is negative, red is positive, and the strongest colour is the largest magnitude in the array.

import { word } from "./data.js";
import { make } from "./dom.js";
import { dark } from "./theme.js";

const PALETTES = {
  light: { zero: [255, 255, 255], plus: [190, 40, 40], minus: [30, 95, 175], none: [150, 150, 150] },
  dark: { zero: [30, 35, 45], plus: [240, 125, 95], minus: [85, 155, 245], none: [110, 110, 110] },
};
const TINT = 0.5; // of the full colour, behind numbers that are to be read
const images = { light: new WeakMap(), dark: new WeakMap() };

function palette() {
  return PALETTES[dark() ? "dark" : "light"];
}

function colour(share, strength = 1) {
  const { zero, plus, minus, none } = palette();
  if (typeof share !== "number" || Number.isNaN(share)) return none;
  const end = share < 0 ? minus : plus;
  const part = Math.min(1, Math.abs(share)) * strength;
  return zero.map((from, k) => Math.round(from + (end[k] - from) * part));
}

// Every entry as a part of the largest magnitude, from -1 to 1.
function shares(value) {
  const largest = value.heat ? 100 : value.largest || 1;
  return (value.heat ?? value.cells).map((row) =>
    row.map((entry) => (typeof entry === "number" ? entry / largest : NaN)),
  );
}

function canvas(value) {
  const table = shares(value);
  const element = make("canvas", { width: table[0].length || 1, height: table.length || 1 });
  const context = element.getContext("2d");
  table.forEach((row, y) =>
    row.forEach((share, x) => {
      context.fillStyle = `rgb(${colour(share)})`;
      context.fillRect(x, y, 1, 1);
    }),
  );
  return element;
}

// A picture of the array with one point an entry, as an address that an image can show.
export function image(value) {
  const known = images[dark() ? "dark" : "light"];
  if (!known.has(value)) known.set(value, canvas(value).toDataURL());
  return known.get(value);
}

export function digits(entry) {
  const text = String(entry);
  return text.replaceAll("-", "\u2212");
}

export function isSmall(value) {
  return Boolean(value.cells);
}

export function shapeText(value) {
  return (value.shape ?? []).join("×");
}

// The numbers in their columns.
export function grid(value) {
  const element = make("span", { class: "grid" });
  const columns = value.cells[0].length;
  element.style.gridTemplateColumns = `repeat(${columns}, auto)`;
  value.cells.forEach((row, y) =>
    row.forEach((entry, x) => {
      const cell = make("span", { class: "cell", text: digits(entry) });
      const share = typeof entry === "number" ? entry / (value.largest || 1) : NaN;
      cell.style.background = `rgb(${colour(share, TINT)})`;
      element.append(cell);
    }),
  );
  return element;
}

// An array with its shape below, as numbers where it has no more than so many columns.
export function shown(value, widest = Infinity) {
  if (isSmall(value) && value.cells[0].length <= widest) {
    return make("span", { class: "array" }, grid(value), caption(value));
  }
  const element = canvas(value);
  element.className = "heat";
  const [rows, columns] = [element.height, element.width];
  const unit = Math.max(2, Math.min(10, Math.floor(150 / Math.max(rows, columns))));
  element.style.width = `${Math.max(16, unit * columns)}px`;
  element.style.height = `${Math.max(16, unit * rows)}px`;
  return make("span", { class: "array" }, element, caption(value));
}

function caption(value) {
  const small = make("small", { text: shapeText(value) });
  if (value.heat) small.textContent += ` · ${word("largest", { value: digits(value.largest) })}`;
  return small;
}
