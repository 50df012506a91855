// Curves over the epochs of a training run, as drawings that follow the player.

const SPACE = "http://www.w3.org/2000/svg";

export function draw(tag, properties = {}, ...children) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// From values to places: linear, or by magnitudes where they lie far apart.
export function scale(values, from, to, byMagnitude = false) {
  const known = values.filter((v) => v !== null && (!byMagnitude || v > 0));
  const f = byMagnitude ? Math.log10 : (v) => v;
  const low = f(Math.min(...known));
  const high = f(Math.max(...known));
  const width = high - low || 1;
  const place = (v) => from + ((f(v) - low) / width) * (to - from);
  place.ticks = ticks(low, high, byMagnitude);
  return place;
}

function ticks(low, high, byMagnitude) {
  if (byMagnitude) {
    const powers = [];
    for (let p = Math.ceil(low); p <= Math.floor(high); p++) powers.push(10 ** p);
    const every = Math.ceil(powers.length / 5) || 1;
    return powers.length > 1 ? powers.filter((_, k) => k % every === 0) : [10 ** low, 10 ** high];
  }
  const rough = (high - low) / 4 || 1;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= rough);
  const found = [];
  for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + step * 1e-9; v += step) found.push(v);
  return found;
}

export function short(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 10000)) return value.toExponential(1).replace(".0e", "e").replace("-", "\u2212");
  return String(Number(value.toPrecision(3))).replace("-", "\u2212");
}

export function path(xs, ys) {
  let text = "";
  let pen = "M";
  xs.forEach((x, k) => {
    if (ys[k] === null || !Number.isFinite(ys[k])) pen = "M";
    else {
      text += `${pen}${x.toFixed(1)} ${ys[k].toFixed(1)}`;
      pen = "L";
    }
  });
  return text;
}

// A chart of named curves, with a line at the epoch that is played: { element, at(k) }.
export function chart(epochs, curves, { width = 430, height = 230, byMagnitude = false } = {}) {
  const [left, right, top, bottom] = [56, width - 14, 14, height - 30];
  const values = curves.flatMap((curve) => curve.values);
  const x = scale(epochs, left, right);
  const y = scale(values, bottom, top, byMagnitude);
  const element = draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img" });
  for (const tick of y.ticks) {
    element.append(
      draw("path", { class: "grid-line", d: `M${left} ${y(tick)}H${right}` }),
      draw("text", { class: "tick y", x: left - 8, y: y(tick) + 4 }, short(tick)),
    );
  }
  for (const tick of x.ticks.filter(Number.isInteger)) {
    element.append(draw("text", { class: "tick x", x: x(tick), y: bottom + 20 }, String(tick)));
  }
  const now = draw("path", { class: "now-line" });
  element.append(now);
  const xs = epochs.map(x);
  const dots = curves.map((curve) => {
    const ys = curve.values.map((v) => (v === null || (byMagnitude && v <= 0) ? null : y(v)));
    const dot = draw("circle", { class: `dot ${curve.kind}`, r: 5 });
    element.append(draw("path", { class: `curve ${curve.kind}`, d: path(xs, ys) }), dot);
    return { dot, ys };
  });
  const at = (k) => {
    now.setAttribute("d", `M${xs[k]} ${top}V${bottom}`);
    for (const { dot, ys } of dots) {
      dot.setAttribute("visibility", ys[k] === null ? "hidden" : "visible");
      if (ys[k] !== null) dot.setAttribute("cx", xs[k]);
      if (ys[k] !== null) dot.setAttribute("cy", ys[k]);
    }
  };
  return { element, at };
}
