// Light or dark: as the reader asks, else as the system does.

import { state, whenChanged } from "./state.js";

const system = matchMedia("(prefers-color-scheme: dark)");

export function dark() {
  if (state.theme !== "auto") return state.theme === "dark";
  return system.matches;
}

export function whenRepainted(reader) {
  whenChanged(["theme"], reader);
  system.addEventListener("change", reader);
}
