// The stream of the scheduler's state: opens it, notices when it is lost or silent, and comes back.

const QUIET = 5_000; // ms without an event after which the numbers count as old
const DEAD = 20_000; // ms after which a silent connection is given up
const TICK = 500;
const RETRIES = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/**
 * Watches `url`, calling onEvent(name, data) for each event that tells of the state, and
 * onState(state) at each change and twice a second. A state has
 *   name      connecting | live | stale | stopped | trouble | paused | locked
 *   since     time of the last event in ms since 1970, or null
 *   retryIn   seconds to the next attempt, or null when none is due
 *   message   what the server said is wrong, or ""
 */
export class Stream {
  constructor(url, { onEvent, onState, names }) {
    Object.assign(this, { url, onEvent, onState, names });
    this.name = "paused";
    this.message = "";
    this.since = null;
    this.source = null;
    this.heard = 0; // performance.now() of the last sign of life
    this.retryAt = null;
    this.failures = 0;
    setInterval(() => this.tick(), TICK);
  }

  /** Connects at once, also when the next attempt is due later. */
  open() {
    this.close();
    this.heard = performance.now();
    if (this.since === null || this.name === "paused") this.name = "connecting";
    const source = new EventSource(this.url);
    this.source = source;
    for (const name of this.names) {
      source.addEventListener(name, (event) => this.received(name, event));
    }
    source.addEventListener("trouble", (event) => this.troubled(event));
    source.addEventListener("bye", () => this.lost("stopped"));
    source.addEventListener("error", () => this.failed(source));
    this.report();
  }

  close() {
    this.source?.close();
    this.source = null;
    this.retryAt = null;
  }

  /** Closes it until it is opened again. */
  pause() {
    this.close();
    this.become("paused");
  }

  received(name, event) {
    this.heard = performance.now();
    this.since = Date.now();
    this.failures = 0;
    if (this.name !== "live") this.become("live");
    this.onEvent(name, JSON.parse(event.data));
  }

  troubled(event) {
    this.heard = performance.now();
    this.become("trouble", JSON.parse(event.data).message);
  }

  /** A refusal closes it; what it was is only told to those who ask in another way. */
  async failed(source) {
    const refused = source.readyState === EventSource.CLOSED;
    this.lost("stale");
    if (refused && await locked() && this.source === null && this.name !== "paused") {
      this.become("locked");
    }
  }

  /** Gives the connection up. The browser's own retries end for good at the first refusal. */
  lost(name) {
    const pause = RETRIES[Math.min(this.failures, RETRIES.length - 1)];
    this.failures += 1;
    this.close();
    // Jitter: all the pages of a restarted server should not come back in the same instant.
    this.retryAt = performance.now() + pause * (0.8 + 0.4 * Math.random());
    this.become(this.name === "stopped" ? "stopped" : name);
  }

  tick() {
    const now = performance.now();
    const silence = now - this.heard;
    if (this.retryAt !== null && now >= this.retryAt) this.open();
    else if (this.source && silence > DEAD) this.lost("stale");
    else if (this.source && silence > QUIET && this.name !== "stopped") this.become("stale");
    else this.report();
  }

  become(name, message = "") {
    this.name = name;
    this.message = message;
    this.report();
  }

  report() {
    const { name, since, message } = this;
    const left = this.retryAt === null ? null : this.retryAt - performance.now();
    const retryIn = left === null ? null : Math.max(0, Math.ceil(left / 1000));
    this.onState({ name, since, retryIn, message });
  }
}

/** Whether the server wants to know first who asks. */
async function locked() {
  try {
    return (await fetch(new URL("../../api/v1/nodes?limit=1", import.meta.url))).status === 401;
  } catch {
    return false;
  }
}
