// The network, as page.py wrote it into the page, and its words in the reader's language.

export const data = JSON.parse(document.getElementById("data").textContent);

export function word(key, fields = {}) {
  return data.words[key].replace(/\{(\w+)\}/g, (_, name) => fields[name]);
}

export const equations = new Map(data.equations.map((equation) => [equation.id, equation]));
