// Keys: Escape unpins, Enter pins, up and down go through the terms of an equation or a line.

import { pin } from "./marks.js";
import { set } from "./state.js";

export function startKeyboard() {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const focused = document.activeElement;
    if (event.key === "Escape") set({ pin: "", from: "" });
    else if (event.key === "Enter" && focused?.matches("[data-term],[data-eq]:not(a)")) pin(focused);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (walk(focused, event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
    }
  });
}

function walk(focused, step) {
  const whole = focused?.closest(".row, .line[data-eq]");
  if (!whole) return false;
  const stops = [whole, ...whole.querySelectorAll("[data-term]")].filter((e) => e.offsetParent);
  const next = stops[stops.indexOf(focused) + step];
  next?.focus();
  return Boolean(next);
}
