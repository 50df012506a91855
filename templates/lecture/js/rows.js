// The derivation: one row an equation, its formula in the notation asked for, and how it follows.

import { data, equations, word } from "./data.js";
import { make } from "./dom.js";
import { refill, typeset } from "./formulas.js";
import { icon } from "./icons.js";
import { set, state, whenChanged } from "./state.js";

const ORDER = {
  scalar: ["scalar", "index", "matrix"],
  matrix: ["matrix", "index", "scalar"],
  index: ["index", "matrix", "scalar"],
};
export const rows = new Map(); // id -> the parts of the row

// The notation that an equation has, nearest to the one asked for.
function known(equation, notation) {
  return ORDER[notation].find((name) => name in equation.latex);
}

export function formula(equation, notation) {
  return equation.latex[known(equation, notation)];
}

export function buildRows() {
  const place = document.getElementById("rows");
  place.append(intro());
  let part = "";
  for (const equation of data.equations) {
    if (equation.part !== part) {
      part = equation.part;
      place.append(make("h3", { class: part, text: word(part) }));
    }
    place.append(row(equation));
  }
  whenChanged(["notation"], refresh);
  whenChanged(["steps"], ({ steps }) => {
    for (const id of rows.keys()) unfold(id, steps === "open");
  });
}

function row(equation) {
  const { id } = equation;
  const shown = make("div", { class: "formula", role: "math", "aria-label": equation.plain });
  const steps = make("div", { class: "steps", hidden: true });
  const values = make("div", { class: "values", hidden: true });
  const how = make("button", { type: "button", class: "how", "aria-expanded": "false", title: word("unfold") });
  how.append(icon("how"), hiddenText(word("unfold")));
  how.addEventListener("click", () => unfold(id, steps.hidden));
  const from = make("button", { type: "button", class: "from", title: word("from") });
  from.append(icon("from"), hiddenText(word("from")));
  from.addEventListener("click", () => set({ from: state.from === id ? "" : id }));
  from.hidden = !equation.from.length;
  const line = make("div", { class: "main" }, shown, make("div", { class: "tools" }, how, from));
  const links = { class: `row ${equation.part}`, "data-eq": id, tabindex: 0 };
  const element = make("article", links, line, steps, values);
  rows.set(id, { element, shown, how, from, steps, values, filled: "" });
  return element;
}

function hiddenText(text) {
  return make("span", { class: "unseen", text });
}

function unfold(id, open) {
  const { steps, how } = rows.get(id);
  steps.hidden = !open;
  how.setAttribute("aria-expanded", open);
  fillSteps(id);
}

function refresh({ notation }) {
  for (const [id, row] of rows) {
    const equation = equations.get(id);
    typeset(row.shown, equation.lines?.[known(equation, notation)] ?? formula(equation, notation));
    row.how.hidden = !data.steps[notation][id]?.length;
    fillSteps(id);
  }
  refill(document.getElementById("symbols"), ...blocks(data.intro[notation]));
}

function fillSteps(id) {
  const row = rows.get(id);
  if (row.steps.hidden || row.filled === state.notation) return;
  row.filled = state.notation;
  refill(row.steps, ...blocks(data.steps[state.notation][id] ?? []));
}

function intro() {
  const body = make("div", { id: "symbols", class: "steps" });
  return make("details", { class: "intro" }, make("summary", { text: word("symbols") }), body);
}

function blocks(list) {
  return list.map((block) => {
    if (block.kind === "title") return make("h4", { text: block.text });
    if (block.kind === "text") return sentence(block);
    const shown = make("div", { class: "formula" });
    typeset(shown, block.latex);
    const why = block.why ? block.why : word("kind:" + block.kind);
    return make("div", { class: `step ${block.kind}` }, shown, make("span", { class: "why", text: why }));
  });
}

// Math stands between dollar signs.
function sentence(block) {
  const element = make("p", { class: block.item ? "item" : "" });
  block.text.split("$").forEach((piece, k) => {
    if (!piece) return;
    const part = make("span", { text: k % 2 ? "" : piece });
    if (k % 2) typeset(part, piece, true);
    element.append(part);
  });
  return element;
}
