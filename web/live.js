// The stream of snapshots: opens it, notices when it is lost or silent, and comes back.

const QUIET = 5_000; // ms without an event after which the numbers count as old
const DEAD = 20_000; // ms after which a silent connection is given up
const TICK = 500;
const RETRIES = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/**
 * Watches `url`, calling onSnapshot(snapshot) for each event and onState(state) at each change
 * and twice a second. A state has
 *   name      connecting | live | stale | stopped | trouble | paused
 *   since     Date of the last snapshot, or null
 *   retryIn   seconds to the next attempt, or null when none is due
 *   message   what the server said is wrong, or ""
 */
export class Live {
  constructor(url, { onSnapshot, onState }) {
    Object.assign(this, { url, onSnapshot, onState });
    this.name = "connecting";
    this.message = "";
    this.since = null;
    this.source = null;
    this.heard = 0; // performance.now() of the last sign of life
    this.retryAt = null;
    this.failures = 0;
  }

  start() {
    document.addEventListener("visibilitychange", () => this.visibility());
    setInterval(() => this.tick(), TICK);
    this.open();
  }

  /** Connects at once instead of when the next attempt is due. */
  open() {
    this.close();
    this.heard = performance.now();
    this.source = new EventSource(this.url);
    this.source.addEventListener("snapshot", (event) => this.received(event));
    this.source.addEventListener("resync", (event) => this.received(event));
    this.source.addEventListener("trouble", (event) => this.troubled(event));
    this.source.addEventListener("bye", () => this.lost("stopped"));
    this.source.addEventListener("error", () => this.lost("stale"));
    this.report();
  }

  close() {
    this.source?.close();
    this.source = null;
    this.retryAt = null;
  }

  received(event) {
    this.heard = performance.now();
    this.since = new Date();
    this.failures = 0;
    this.become("live");
    this.onSnapshot(JSON.parse(event.data));
  }

  troubled(event) {
    this.heard = performance.now();
    this.become("trouble", JSON.parse(event.data).message);
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

  /** A hidden page holds no stream: browsers allow six connections to a server, in all tabs. */
  visibility() {
    if (document.hidden) {
      this.close();
      this.become("paused");
    } else {
      this.become("connecting");
      this.open();
    }
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
