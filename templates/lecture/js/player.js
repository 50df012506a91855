// The bar below: back and forth through equations, or through the epochs of the recorded training.

import { data, equations, word } from "./data.js";
import { make } from "./dom.js";
import { refill, typeset } from "./formulas.js";
import { icon } from "./icons.js";
import { count, current, rounds } from "./run.js";
import { set, state, whenChanged } from "./state.js";

const PACE = { step: 1600, train: 130 }; // milliseconds from one position to the next
let timer = 0;
let parts = null;

// What the bar moves in each mode: a name of the state, and the last value of it.
function track() {
  if (state.mode === "step") return { name: "step", last: count };
  if (state.mode === "train") return { name: "epoch", last: data.recording.epochs.length - 1 };
  return null;
}

export function go(to) {
  const { name, last } = track();
  set({ [name]: Math.max(0, Math.min(last, to)) });
}

export function move(by) {
  go(state[track().name] + by);
}

export function isOn() {
  return track() !== null;
}

export function toEnd() {
  go(track().last);
}

export function play(on = !timer) {
  clearInterval(timer);
  timer = 0;
  const { name, last } = track() ?? {};
  if (on && name) {
    if (state[name] >= last) go(0);
    timer = setInterval(() => (state[name] < last ? move(1) : play(false)), PACE[state.mode]);
  }
  const offers = timer ? "pause" : "play";
  parts.play.setAttribute("aria-label", word(offers));
  parts.play.title = word(offers);
  parts.play.replaceChildren(icon(offers));
}

export function buildPlayer() {
  const button = (key, onclick) =>
    make("button", { type: "button", title: word(key), "aria-label": word(key), onclick }, icon(key));
  parts = {
    slider: make("input", { type: "range", min: 0, "aria-label": word("step") }),
    play: button("play", () => play()),
    text: make("output", {}),
    label: make("span", { class: "label" }),
  };
  parts.slider.addEventListener("input", () => go(Number(parts.slider.value)));
  document.getElementById("player").append(
    button("first", () => go(0)),
    button("back", () => move(-1)),
    parts.play,
    button("next", () => move(1)),
    button("last", toEnd),
    parts.slider,
    parts.text,
    parts.label,
  );
  whenChanged(["mode"], () => play(false));
  whenChanged(["mode", "step", "epoch", "notation"], show);
}

function show() {
  const here = track();
  document.getElementById("player").hidden = !here;
  if (!here) return;
  parts.slider.max = here.last;
  parts.slider.value = state[here.name];
  if (here.name === "step") showStep(here.last);
  else showEpoch();
}

function showStep(last) {
  const step = current();
  parts.text.textContent = word("position", { step: Math.min(state.step, last), steps: last });
  if (!step) parts.label.textContent = word("given");
  else {
    const known = data.names["t." + step.name] ?? "";
    const part = word(equations.get(step.id)?.part ?? "update");
    const round = rounds(step);
    const name = make("span");
    typeset(name, known, true);
    refill(parts.label, part + ": ", name, round ? ` (${round})` : "");
  }
}

function showEpoch() {
  const { epochs, planned } = data.recording;
  parts.text.textContent = word("epoch", { epoch: epochs[Math.min(state.epoch, epochs.length - 1)], epochs: planned });
  parts.label.textContent = "";
}
