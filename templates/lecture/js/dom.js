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

export function reveal(element, block = "nearest") {
  element.scrollIntoView({ block, inline: "nearest", behavior: calm.matches ? "auto" : "smooth" });
}
