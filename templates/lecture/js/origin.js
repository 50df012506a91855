// Where an equation comes from: everything that it reads, directly or not, and the longest way back.

import { data, equations, word } from "./data.js";
import { bring, make } from "./dom.js";
import { refill, typeset } from "./formulas.js";
import { formula, rows } from "./rows.js";
import { elementsOf, enter } from "./marks.js";
import { set, whenChanged } from "./state.js";

const place = new Map(data.equations.map((equation, k) => [equation.id, k]));
let shown = [];

function ancestors(id) {
  const found = new Set([id]);
  const edge = [id];
  while (edge.length) {
    for (const other of equations.get(edge.pop()).from) {
      if (!found.has(other)) {
        found.add(other);
        edge.push(other);
      }
    }
  }
  return found;
}

// The longest way to a definition; each step goes to an equation that stands before.
function longest(id, known = new Map()) {
  if (known.has(id)) return known.get(id);
  let best = [];
  for (const other of equations.get(id).from) {
    if (place.get(other) >= place.get(id)) continue;
    const way = longest(other, known);
    if (way.length > best.length) best = way;
  }
  known.set(id, [id, ...best]);
  return known.get(id);
}

function show({ from, notation }) {
  for (const element of shown) element.classList.remove("origin");
  const crumbs = document.getElementById("path");
  refill(crumbs);
  crumbs.hidden = !equations.has(from);
  document.body.classList.toggle("tracing", !crumbs.hidden);
  shown = [];
  if (crumbs.hidden) return;
  shown = elementsOf([...ancestors(from)].map((id) => "q." + id));
  for (const element of shown) element.classList.add("origin");
  crumbs.append(make("strong", { text: word("path") }));
  for (const id of longest(from)) crumbs.append(crumb(id, notation));
  crumbs.append(make("button", { type: "button", text: word("close"), onclick: () => set({ from: "" }) }));
  enter(crumbs);
}

// A crumb shows the left side: what the equation defines.
function crumb(id, notation) {
  const element = make("a", { class: "crumb", "data-eq": id, href: "#", tabindex: 0 });
  const [left] = formula(equations.get(id), notation).split(/ = | \\leftarrow /);
  typeset(element, left, true);
  element.addEventListener("click", (event) => {
    event.preventDefault();
    bring(rows.get(id).element, document.getElementById("derivation"));
  });
  return element;
}

export function startOrigin() {
  whenChanged(["from", "notation"], show);
}

