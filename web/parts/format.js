// Numbers and names as people read them. Whatever is missing becomes a dash.

export const NOTHING = "–";
const LONGEST = 200;
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const hundredth = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
// Control characters, and those that turn the direction of the text after them.
const UNPRINTABLE = new RegExp("[\\u0000-\\u001f\\u007f-\\u009f\\u061c\\u200b-\\u200f"
  + "\\u2028-\\u202e\\u2060-\\u2069\\ufeff]", "g");

/** A stranger's text: one line, no characters that mislead the eye, not endless. */
export function clean(value, longest = LONGEST) {
  if (value === null || value === undefined) return "";
  const text = String(value).slice(0, longest + 1).replace(UNPRINTABLE, "\ufffd");
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

export function count(value) {
  return isNumber(value) ? whole.format(value) : NOTHING;
}

/** "1 node", "2 nodes". */
export function counted(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

export function percent(value) {
  return isNumber(value) ? `${whole.format(value)} %` : NOTHING;
}

export function rate(value) {
  if (!isNumber(value)) return "";
  return `${value >= 100 ? whole.format(value) : tenth.format(value)} per second`;
}

/** Seconds as "45 s", "3 min 05 s", "2 h 14 min" or "3 d 4 h". */
export function duration(value) {
  if (!isNumber(value) || value < 0) return NOTHING;
  const seconds = Math.floor(value);
  const [minutes, hours, days] = [60, 3600, 86400].map((unit) => Math.floor(seconds / unit));
  const two = (number) => String(number).padStart(2, "0");
  if (seconds < 60) return `${seconds} s`;
  if (hours === 0) return `${minutes} min ${two(seconds % 60)} s`;
  if (days === 0) return `${hours} h ${two(minutes % 60)} min`;
  return `${whole.format(days)} d ${hours % 24} h`;
}

/** Seconds since something was heard. */
export function ago(value) {
  if (!isNumber(value)) return "never";
  if (value < 1.5) return "just now";
  const coarse = value < 60 ? value : value - (value % 60);
  return `${duration(coarse).replace(" 00 s", "")} ago`;
}

export function bytes(value) {
  if (!isNumber(value) || value < 0) return NOTHING;
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** step;
  const form = scaled >= 100 || step === 0 ? whole : tenth;
  return `${form.format(scaled)} ${units[step]}`;
}

/** A Date as hh:mm:ss of the reader's own clock. */
export function clock(date) {
  return date.toLocaleTimeString("en-GB");
}

/** Seconds as people compare them: "0.35 s", "12.4 s", then as `duration`. */
export function seconds(value) {
  if (!isNumber(value) || value < 0) return NOTHING;
  if (value >= 60) return duration(value);
  return `${value < 10 ? hundredth.format(value) : tenth.format(value)} s`;
}

/** Seconds since 1970 as a time of day, with the date where it is not today's. */
export function moment(value) {
  if (!isNumber(value)) return NOTHING;
  const date = new Date(1000 * value);
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock(date) : `${date.toLocaleDateString("en-CA")} ${clock(date)}`;
}
