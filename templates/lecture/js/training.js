// The recorded training run: loss, accuracy, gradient norms, and what the network says by now.

import { fit, plane } from "./boundary.js";
import { chart, draw, path, scale, short } from "./charts.js";
import { data, word } from "./data.js";
import { make } from "./dom.js";
import { typeset } from "./formulas.js";
import { state, whenChanged } from "./state.js";
import { whenRepainted } from "./theme.js";

const FAR = 30; // times the smallest value; beyond that a curve is drawn by magnitudes
const LEAST = 1e-9; // of the largest gradient
const LINE = { width: 150, height: 24 };

export function buildTraining() {
  const run = data.recording;
  const place = document.getElementById("training");
  if (!run) return;
  const parts = [losses(run), picture(run.picture), accuracy(run), norms(run), flow()].filter(Boolean);
  place.append(make("p", { class: "about", text: about(run) }), ...parts.map((part) => part.element));
  const show = () => {
    if (state.mode !== "train") return;
    const k = Math.min(state.epoch, run.epochs.length - 1);
    for (const part of parts) part.at(k);
  };
  whenChanged(["mode"], ({ mode }) => {
    place.hidden = mode !== "train";
  });
  whenChanged(["mode", "epoch"], show);
  whenRepainted(show);
}

function about(run) {
  const last = run.epochs[run.epochs.length - 1];
  if (run.whole) return word("recorded", { epochs: last, samples: run.samples });
  return word("shortened", { epochs: last, samples: run.samples, planned: run.planned, given: run.given });
}

function panel(kind, title, { element, at }, legend = []) {
  const names = legend.map(({ kind, text }) => make("span", { class: `legend ${kind}`, text }));
  const head = make("h3", {}, make("span", { text: title }), ...names);
  if (element.matches("[role=img]")) element.setAttribute("aria-label", title);
  return { element: make("section", { class: `panel ${kind}` }, head, element), at };
}

function farApart(values) {
  const known = values.filter((v) => v > 0);
  return known.length > 1 && Math.max(...known) / Math.min(...known) > FAR;
}

function losses(run) {
  const curves = ["loss", "held_out_loss"]
    .filter((name) => run[name].some((v) => v !== null))
    .map((name) => ({ values: run[name], kind: name === "loss" ? "training" : "held" }));
  if (!curves.length) return null;
  const byMagnitude = farApart(curves.flatMap((curve) => curve.values));
  const legend = curves.length > 1 ? curves.map(({ kind }) => ({ kind, text: word(kind) })) : [];
  return panel("curve-panel", word("curve"), chart(run.epochs, curves, { byMagnitude }), legend);
}

function accuracy(run) {
  if (!run.accuracy.some((v) => v !== null)) return null;
  const percent = run.accuracy.map((v) => (v === null ? null : 100 * v));
  return panel("curve-panel", word("accuracy") + " (%)", chart(run.epochs, [{ values: percent, kind: "training" }]));
}

function picture(found) {
  if (!found?.frames.length) return null;
  return found.kind === "plane" ? panel("picture-panel", word("boundary"), plane(found)) : panel("picture-panel", word("fit"), fit(found));
}

// One line a layer, from the output back: what the gradient is multiplied with, and how large it is then.
function flow() {
  const sizes = data.flow.flatMap(({ low, norm, high, bound }) => [low, norm, high, bound]).filter((v) => v > 0);
  if (data.flow.length < 2 || !sizes.length) return null;
  const place = scale(sizes, 2, 98, true);
  const table = make("div", { class: "norms flow" });
  for (const row of data.flow) {
    const label = make("span", { class: "label", "data-term": row.key, tabindex: 0, role: "button" });
    const factor = make("span", { class: "factor" });
    typeset(label, row.latex, true);
    typeset(factor, row.factor, true);
    const verdict = make("span", { class: `verdict ${row.verdict}`, text: word(row.verdict) });
    table.append(label, factor, range(row, place), make("span", { class: "number", text: short(row.norm) }), verdict);
  }
  return panel("flow-panel", word("flow"), { element: table, at: () => {} });
}

// The quartiles as a bar, the median as a line in it, the bound as a line behind it.
function range({ low, norm, high, bound }, place) {
  const box = make("span", { class: "bar" });
  const part = (kind, from, to) => {
    if (!(from > 0) || !(to > 0)) return;
    const element = make("span", { class: kind });
    element.style.left = `${place(from)}%`;
    element.style.width = kind === "fill" ? `${Math.max(1.5, place(to) - place(from))}%` : "";
    box.append(element);
  };
  part("fill", low, high);
  part("median", norm, norm);
  part("bound", bound, bound);
  return box;
}

// One line a parameter, in the order of the network: its whole course, and its norm now.
function norms(run) {
  const found = Object.values(run.gradients).flat().filter((v) => v > 0);
  if (!found.length) return null;
  const least = Math.max(...found) * LEAST; // a gradient that is zero but for rounding
  const all = found.filter((v) => v > least);
  const bar = scale(all, 3, 100, true);
  const table = make("div", { class: "norms" });
  const lines = Object.entries(run.gradients).map(([name, values]) =>
    line(name, values.map((v) => (v > least ? v : 0)), values, run.epochs, bar, all),
  );
  table.append(...lines.flatMap(({ cells }) => cells));
  return panel("norms-panel", word("norms"), { element: table, at: (k) => lines.forEach((one) => one.at(k)) });
}

function line(name, values, exact, epochs, bar, all) {
  const x = scale(epochs, 3, LINE.width - 3);
  const y = scale(all, LINE.height - 3, 3, true);
  const xs = epochs.map(x);
  const ys = values.map((v) => (v > 0 ? y(v) : null));
  const dot = draw("circle", { r: 3.5, class: "dot bwd" });
  const course = draw("path", { class: "curve bwd thin", d: path(xs, ys) });
  const box = { viewBox: `0 0 ${LINE.width} ${LINE.height}`, class: "spark", "aria-hidden": "true" };
  const [, base, copy] = name.match(/^(\w+)(.*)$/);
  const label = make("span", { class: "label", "data-term": "t.d" + base, tabindex: 0, role: "button" });
  const written = data.names["t." + base] ?? `\\mathtt{${base.replaceAll("_", "\\_")}}`;
  const which = copy.replace(/[[\]]/g, ""); // of the copy of a repeat, in place of its letter
  typeset(label, copy ? written.replace(/\^\{\([^)]*\)\}/, `^{(${which})}`) : written, true);
  const fill = make("span", { class: "fill" });
  const number = make("span", { class: "number" });
  const cells = [label, draw("svg", box, course, dot), make("span", { class: "bar" }, fill), number];
  const at = (k) => {
    fill.style.width = values[k] > 0 ? `${bar(values[k])}%` : "0";
    number.textContent = short(exact[k]);
    dot.setAttribute("visibility", ys[k] === null ? "hidden" : "visible");
    if (ys[k] !== null) dot.setAttribute("cx", xs[k]);
    if (ys[k] !== null) dot.setAttribute("cy", ys[k]);
  };
  return { cells, at };
}
