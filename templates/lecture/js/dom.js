// Elements, made by name. Text goes in as text, never as markup.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === undefined) continue;
    if (name === "onclick") element.addEventListener("click", value);
    else if (name === "text") element.textContent = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");

const LOOKS = [30, 150, 450, 700]; // milliseconds after which it is looked after
const looking = new WeakMap();

// Brings an element into the middle of a column. Formulas on the way are drawn only when they come near,
// and move it; so it is looked after until they stand, or until something else is brought.
export function bring(element, column) {
  const far = distance(element, column) > 1.5;
  const behavior = calm.matches || far ? "instant" : "smooth";
  element.scrollIntoView({ block: "center", inline: "nearest", behavior });
  looking.set(column, element);
  for (const wait of LOOKS.slice(behavior === "smooth" ? 2 : 0)) {
    setTimeout(() => {
      if (looking.get(column) !== element || distance(element, column) < 0.4) return;
      element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    }, wait);
  }
}

// How far the middle of an element is from that of its column, in heights of the column.
function distance(element, column) {
  const place = element.getBoundingClientRect();
  const frame = column.getBoundingClientRect();
  return Math.abs(place.top + place.bottom - frame.top - frame.bottom) / 2 / (frame.height || 1);
}
