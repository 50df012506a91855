// Signs of the buttons, drawn: not every system has letters for them.

import { draw } from "./charts.js";

const PATHS = {
  first: "M3 2v12M14 2L5 8l9 6z",
  back: "M12 2L3 8l9 6z",
  play: "M4 2l10 6-10 6z",
  pause: "M4 2v12M5.5 2v12M11 2v12M12.5 2v12",
  next: "M4 2l9 6-9 6z",
  last: "M13 2v12M2 2l9 6-9 6z",
  theme: "M8 1a7 7 0 1 0 0 14a7 7 0 1 0 0-14zM8 2.5a5.5 5.5 0 0 1 0 11z",
  how: "M2 4h12M5 8h9M5 12h9",
  from: "M13 13V8a3 3 0 0 0-3-3H3M6.5 1.5L3 5l3.5 3.5",
};

export function icon(name) {
  const path = draw("path", { d: PATHS[name] });
  return draw("svg", { viewBox: "0 0 16 16", class: `icon-sign ${name}`, "aria-hidden": "true" }, path);
}
