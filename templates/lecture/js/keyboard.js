// Keys: left, right, home, end and space move the player; Enter pins and Escape unpins, and up and down
// go through the terms of an equation or a line.

import { pin } from "./marks.js";
import { go, isOn, move, play, toEnd } from "./player.js";
import { set } from "./state.js";

const LINKED = "[data-term],[data-eq]:not(a)";

export function startKeyboard() {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const focused = document.activeElement;
    if (focused?.matches("input, dialog *")) return;
    if (steer(event.key, focused) || look(event.key, focused)) event.preventDefault();
  });
}

function look(key, focused) {
  if (key === "Escape") set({ pin: "", from: "" });
  else if ((key === "Enter" || key === " ") && focused?.matches(LINKED)) pin(focused);
  else if (key === "ArrowDown") return walk(focused, 1);
  else if (key === "ArrowUp") return walk(focused, -1);
  else return false;
  return true;
}

function steer(key, focused) {
  if (key === "ArrowRight" && !isOn()) set({ mode: "step" });
  if (!isOn()) return false;
  if (key === "ArrowRight") move(1);
  else if (key === "ArrowLeft") move(-1);
  else if (key === "Home") go(0);
  else if (key === "End") toEnd();
  else if (key === " " && !focused?.matches("button, summary")) play();
  else return false;
  return true;
}

function walk(focused, step) {
  const whole = focused?.closest(".row, .line[data-eq]");
  if (!whole) return false;
  const stops = [whole, ...whole.querySelectorAll("[data-term]")].filter((e) => e.offsetParent);
  const next = stops[stops.indexOf(focused) + step];
  next?.focus();
  return Boolean(next);
}
