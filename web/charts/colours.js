// Colours for canvases, which know nothing of the style sheet's names.

/** What the names mean now: {name: "rgb(...)"} for `--name`. */
export function colours(...names) {
  const probe = document.createElement("span");
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(found);
}

/** `steps` colours from one to the other, both "rgb(r, g, b)". */
export function ramp(from, to, steps) {
  const [begin, end] = [from, to].map((colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number));
  return Array.from({ length: steps }, (_, step) => {
    const part = step / (steps - 1);
    return `rgb(${begin.map((value, index) => Math.round(value + part * (end[index] - value))).join(" ")})`;
  });
}
