// What the network says about every point of its input: a coloured plane, or a curve.

import { draw, path, scale } from "./charts.js";
import { make } from "./dom.js";
import { dark } from "./theme.js";

const LEVELS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CLASSES = ["#1f77b4", "#d1495b", "#2a9d5c", "#b07aa1", "#e08a1e", "#3aa6a6", "#7d6b5d", "#c2b000", "#6a5acd", "#888888"];
const SIZE = 300;

export function plane(picture) {
  const side = Math.round(Math.sqrt(picture.frames[0].length));
  const field = make("canvas", { width: side, height: side });
  const [x, y] = picture.axes.map(([a, b], k) => scale([a, b], k ? SIZE : 0, k ? 0 : SIZE));
  const points = picture.points.map(([a, b, t]) => {
    const dot = draw("circle", { cx: x(a), cy: y(b), r: 4.5, class: "sample" });
    dot.style.fill = tone(picture, picture.classes ? t : (t - picture.low) / (picture.high - picture.low));
    return dot;
  });
  const over = draw("svg", { viewBox: `0 0 ${SIZE} ${SIZE}` }, ...points);
  const element = make("div", { class: "plane" }, field, over);
  const at = (k) => paint(field, side, picture, picture.frames[k]);
  return { element, at };
}

function tone(picture, value) {
  if (picture.classes) return CLASSES[value % CLASSES.length];
  return value < 0.5 ? CLASSES[0] : CLASSES[1];
}

// The first row of a frame is the lowest.
function paint(field, side, picture, frame) {
  const context = field.getContext("2d");
  const paper = dark() ? [25, 29, 37] : [255, 255, 255];
  const pixels = context.createImageData(side, side);
  for (let k = 0; k < frame.length; k++) {
    const level = LEVELS.indexOf(frame[k]);
    const share = picture.classes ? 0.42 : Math.abs((2 * level) / (LEVELS.length - 1) - 1) * 0.6;
    const ink = rgb(tone(picture, picture.classes ? level : level / (LEVELS.length - 1)));
    const row = side - 1 - Math.floor(k / side);
    const place = 4 * (row * side + (k % side));
    for (let c = 0; c < 3; c++) pixels.data[place + c] = paper[c] + (ink[c] - paper[c]) * share;
    pixels.data[place + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

function rgb(hex) {
  return [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
}

export function fit(picture) {
  const [width, height] = [430, 280];
  const [first, last] = picture.axes[0];
  const outputs = [...picture.frames.flat(), ...picture.points.map(([, t]) => t)];
  const x = scale([first, last], 20, width - 20);
  const y = scale(outputs, height - 20, 20);
  const dots = picture.points.map(([a, t]) => draw("circle", { cx: x(a), cy: y(t), r: 3.5, class: "sample curve-sample" }));
  const line = draw("path", { class: "curve training" });
  const element = draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img" }, ...dots, line);
  const at = (k) => {
    const frame = picture.frames[k];
    const xs = frame.map((_, n) => x(first + ((last - first) * n) / (frame.length - 1)));
    line.setAttribute("d", path(xs, frame.map(y)));
  };
  return { element, at };
}
