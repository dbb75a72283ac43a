// Time along a chart: where the marks stand, and what they say.

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
const DAY = 86400; // seconds

/** Marks of about `most` even steps between two times: [{at, words}], in seconds since 1970. */
export function marks(from, to, most) {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? DAY * Math.ceil((to - from) / DAY / most);
  // Marks stand at even times of the reader's clock, such as midnight.
  const zone = new Date(1000 * from).getTimezoneOffset() * 60;
  const first = Math.ceil((from - zone) / step) * step + zone;
  const count = Math.max(0, Math.floor((to - first) / step) + 1);
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * step;
    return { at, words: words(new Date(1000 * at), step) };
  });
}

function words(date, step) {
  if (step >= DAY) return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const form = { hour: "2-digit", minute: "2-digit", ...(step < 60 ? { second: "2-digit" } : {}) };
  return date.toLocaleTimeString("en-GB", form);
}
