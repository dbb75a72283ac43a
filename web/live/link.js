// How this tab hears of the state: from the worker that all tabs share or, where the browser has
// none, from a stream of its own. A tab that nobody sees hears nothing.

import { NAMES, apply, follows } from "./state.js";
import { Stream } from "./stream.js";

// Trusted Types: the one address from which script is loaded other than by `import`.
const policy = globalThis.trustedTypes?.createPolicy("gsched", {
  createScriptURL(address) {
    if (address !== worker) throw new TypeError("no such script");
    return address;
  },
});
const worker = new URL("../worker.js", import.meta.url).href;

/** Calls onChange(state) with each new state (see state.js), onState(state) as Stream does. */
export class Link {
  constructor({ onChange, onState }) {
    Object.assign(this, { onChange, onState });
    this.data = null;
    this.held = false; // by its reader
    this.way = this.shared() ?? this.own();
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("pagehide", () => this.way.hide());
    addEventListener("pageshow", () => this.look());
    this.look();
  }

  /** Whether it goes on: as long as it can be seen and its reader does not hold it. */
  look() {
    if (document.hidden || this.held) {
      this.way.hide();
      this.onState({ name: "paused", since: this.since ?? null, retryIn: null, message: "" });
    } else {
      this.way.show();
    }
  }

  /** Holds it as it is, or lets it go on. */
  hold() {
    this.held = !this.held;
    this.look();
  }

  /** Connects at once. */
  retry() {
    this.way.retry();
  }

  heard(name, data) {
    this.data = apply(this.data, name, data);
    this.onChange(this.data);
  }

  told(state) {
    this.since = state.since;
    if (!document.hidden && !this.held) this.onState(state);
  }

  shared() {
    if (typeof SharedWorker === "undefined") return null;
    const { port } = new SharedWorker(policy?.createScriptURL(worker) ?? worker, { type: "module" });
    port.onmessage = ({ data }) => {
      if (data.state) this.told(data.state);
      else if (data.whole) this.onChange(this.data = data.whole);
      else this.heard(data.name, data.data);
    };
    return {
      show: () => port.postMessage("seen"),
      hide: () => port.postMessage("hidden"),
      retry: () => port.postMessage("retry"),
    };
  }

  own() {
    const stream = new Stream(new URL("../../api/v1/events", import.meta.url), {
      names: NAMES,
      onEvent: (name, data) => {
        if (follows(this.data, name, data)) this.heard(name, data);
        else stream.open();
      },
      onState: (state) => this.told(state),
    });
    return { show: () => stream.open(), hide: () => stream.pause(), retry: () => stream.open() };
  }
}
