// The buttons of the head: notation, steps, view, light or dark, and the columns of a phone.

import { data, word } from "./data.js";
import { make } from "./dom.js";
import { fitAll } from "./formulas.js";
import { icon } from "./icons.js";
import { set, state, whenChanged } from "./state.js";
import { dark } from "./theme.js";

export function buildControls() {
  const place = document.getElementById("controls");
  place.append(
    choice("notation", word("notation"), ["scalar", "matrix", "index"], data.notations),
    toggle("steps", word("steps"), "open", "folded", word("steps_hint")),
    choice("mode", word("mode"), ["read", "step", "train"], data.modes),
    sign(word("theme"), () => set({ theme: dark() ? "light" : "dark" }), icon("theme")),
    sign(word("help"), openHelp, "?"),
  );
  document.getElementById("tabs").append(choice("tab", "", ["picture", "derivation", "code"]));
  whenChanged(["theme"], ({ theme }) => {
    document.documentElement.dataset.theme = theme;
  });
  whenChanged(["tab"], ({ tab }) => {
    document.body.dataset.tab = tab;
    fitAll();
  });
  const comments = toggle("comments", "#", "on", "off", word("comments"));
  document.querySelector("#code h2").append(comments);
  whenChanged(["comments"], ({ comments }) => {
    document.body.dataset.comments = comments;
  });
  whenChanged(["mode"], ({ mode }) => {
    document.body.dataset.mode = mode;
  });
}

function choice(name, label, values, possible = values) {
  const group = make("div", { class: "choice", role: "group", "aria-label": label || name });
  for (const value of values) {
    const button = make("button", { type: "button", text: word(value) });
    button.disabled = !possible.includes(value);
    if (button.disabled) button.title = value === "scalar" ? word("no_scalar") : "";
    button.addEventListener("click", () => set({ [name]: value }));
    whenChanged([name], () => button.setAttribute("aria-pressed", state[name] === value));
    group.append(button);
  }
  return group;
}

function toggle(name, label, on, off, hint) {
  const button = make("button", { type: "button", class: "toggle", text: label, title: hint });
  button.addEventListener("click", () => set({ [name]: state[name] === on ? off : on }));
  whenChanged([name], () => button.setAttribute("aria-pressed", state[name] === on));
  return button;
}

function sign(label, onclick, inside) {
  return make("button", { type: "button", class: "icon", title: label, "aria-label": label, onclick }, inside);
}

function openHelp() {
  const dialog = document.getElementById("help");
  const list = make("dl");
  for (const line of word("keys").split("\n")) {
    const [keys, meaning] = line.split("\t");
    list.append(make("dt", { text: keys }), make("dd", { text: meaning }));
  }
  const close = make("button", { type: "button", text: word("close"), onclick: () => dialog.close() });
  dialog.replaceChildren(make("h2", { text: word("help") }), list, close);
  dialog.showModal();
}
