// Colours for canvases, which know nothing of the style sheet's names; and those of clusters.

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

const HUES = 24; // of clusters: more could not be told apart
export const TONES = 2 * HUES; // colours that there are

/** A cluster's colour: the same in all charts and after each reload, light or dark. */
export function clusterColour(id) {
  let hash = 0;
  for (const letter of String(id)) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) >>> 0;
  // The low bits of neighbouring ids differ little: mixed, they go far apart.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  const hue = Math.round(((hash >>> 8) % HUES) * (360 / HUES));
  const tone = (hash >>> 4) % 2;
  return isDark() ? `hsl(${hue} ${tone ? 55 : 80}% ${tone ? 74 : 64}%)` : `hsl(${hue} ${tone ? 50 : 70}% ${tone ? 52 : 40}%)`;
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}
