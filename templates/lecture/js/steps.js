// Step mode: forward, loss, backward, update, one equation at a time, with the numbers of a sample batch.
// What is not computed yet shows nothing.

import { digits, image, isSmall, shown } from "./cells.js";
import { draw } from "./charts.js";
import { data, equations } from "./data.js";
import { bring, make } from "./dom.js";
import { fit, refill, typeset } from "./formulas.js";
import { whenPointed } from "./marks.js";
import { rows } from "./rows.js";
import { computed, current, known, operands } from "./run.js";
import { state, whenChanged } from "./state.js";
import { withNumbers } from "./substitute.js";
import { whenRepainted } from "./theme.js";

const slots = [...document.querySelectorAll("svg.slot")];
const lines = [...document.querySelectorAll(".line[data-eq]")];
const tensors = [...document.querySelectorAll(".drawing [data-term]")];
const NARROW = 4; // columns of numbers in what an equation reads
const ROOM = 50; // for a number, in the units of the picture
const held = new Map(); // slot -> the address of what is drawn in it
let opened = null; // the row whose numbers are shown

function show() {
  const stepping = state.mode === "step";
  const step = stepping ? current() : null;
  const values = stepping ? known() : new Map();
  const ran = stepping ? computed() : new Set();
  for (const slot of slots) fill(slot, values.get(slot.dataset.value.slice(2)));
  for (const element of tensors) {
    const name = element.dataset.term.slice(2);
    element.classList.toggle("todo", stepping && !values.has(name));
    element.classList.toggle("now", step !== null && step.name === name);
  }
  for (const [id, row] of rows) {
    row.element.classList.toggle("todo", stepping && !ran.has(id));
    row.element.classList.toggle("now", step !== null && step.id === id);
  }
  for (const line of lines) {
    const ids = line.dataset.eq.split(" ");
    line.classList.toggle("todo", stepping && !ids.some((id) => ran.has(id)));
    line.classList.toggle("now", step !== null && ids.includes(step.id));
  }
  open(step);
}

function fill(slot, value) {
  const wanted = value && image(value); // another one where light and dark change
  if (held.get(slot) === wanted) return;
  held.set(slot, wanted);
  slot.parentElement.classList.toggle("full", Boolean(value));
  slot.replaceChildren(...(value ? drawn(value, slot.width.baseVal.value) : []));
}

// Cells; a single number as such where there is room for it.
function drawn(value, room) {
  const single = isSmall(value) && value.cells.length === 1 && value.cells[0].length === 1;
  if (single && room >= ROOM) {
    const text = draw("text", { class: "single", x: "50%", y: "70%" });
    text.textContent = digits(value.cells[0][0]);
    return [text];
  }
  const whole = { width: "100%", height: "100%" };
  return [draw("image", { ...whole, preserveAspectRatio: "none", href: image(value) }), draw("rect", whole)];
}

// The numbers of an equation stand below it.
function open(step) {
  if (opened) {
    opened.values.hidden = true;
    refill(opened.values);
  }
  opened = step ? rows.get(step.id) : null;
  if (!opened) return;
  const latex = equations.get(step.id).latex;
  const inserted = latex.matrix && state.notation === "matrix" ? withNumbers(step, latex.matrix) : null;
  opened.values.append(inserted ?? cards(step));
  opened.values.hidden = false;
  if (inserted) fit([inserted]);
  requestAnimationFrame(follow);
}

// What is computed now comes into view, in every column once.
function follow() {
  for (const column of document.querySelectorAll("main > section")) {
    const first = column.querySelector(".now");
    if (first) bring(first, column);
  }
}

// What the equation reads, and what it makes of that.
function cards(step) {
  const list = make("div", { class: "cards" });
  for (const [name, value] of operands(step)) list.append(card(name, value, NARROW));
  if (list.children.length) list.append(make("span", { class: "makes", text: "→" }));
  list.append(card(step.name, step.value));
  return list;
}

function card(name, value, widest) {
  const label = make("span", { class: "label" });
  typeset(label, data.names["t." + name] ?? `\\mathtt{${name.replaceAll("_", "\\_")}}`, true);
  return make("span", { class: "card" }, label, shown(value, widest));
}

// Pointing at a tensor shows its numbers, if it has any by now.
function peek(element) {
  const box = document.getElementById("peek");
  const name = element?.dataset.term?.startsWith("t.") ? element.dataset.term.slice(2) : "";
  const value = state.mode === "step" && name ? known().get(name) : undefined;
  box.hidden = !value;
  if (!value) return;
  refill(box, card(name, value));
  const place = element.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const left = Math.min(Math.max(8, place.left), innerWidth - size.width - 8);
  const below = place.bottom + 8;
  const top = below + size.height < innerHeight - 8 ? below : Math.max(8, place.top - size.height - 8);
  box.style.left = `${left}px`;
  box.style.top = `${top}px`;
}

export function startSteps() {
  whenChanged(["mode", "step", "notation"], show);
  whenRepainted(show);
  whenPointed(peek);
  document.fonts.ready.then(() => state.mode === "step" && follow());
}

