// The cards on top: what there is, how full it is, how fast it goes.

import { bar } from "../parts/bar.js";
import { el, setAttribute, setText } from "../parts/dom.js";
import { to } from "../shell/router.js";
import { clean, count, counted, percent, rate } from "../parts/format.js";
import { NODE_TONES } from "./node_columns.js";

const STATES = 2; // named on the card
const WINDOW = 15; // seconds over which the rate of finished jobs is taken

/** How many nodes may be used, and of how many that are known where that differs. */
function usable(nodes) {
  const ready = nodes.filter(({ state }) => state === "ready").length;
  return ready === nodes.length ? count(ready) : `${count(ready)} of ${count(nodes.length)}`;
}

/** The rate at which a counter grows, from its latest values. */
class Speed {
  constructor() {
    this.points = [];
  }

  /** Adds the value at `time` (seconds); returns its growth per second, or null at first. */
  add(time, value) {
    this.points = this.points.filter((point) => point.time > time - WINDOW && point.time < time);
    this.points.push({ time, value });
    const [first] = this.points;
    return time - first.time < 1 ? null : Math.max(0, (value - first.value) / (time - first.time));
  }
}

export class Totals {
  constructor(holder) {
    this.holder = holder;
    this.nodes = this.card("Nodes", to("nodes"));
    this.cpus = this.card("CPUs busy", to("nodes", "", { sort: "-load" }), "wide");
    this.waiting = this.card("Jobs waiting", to("jobs", "", { state: "queued" }));
    this.running = this.card("Jobs running", to("jobs", "", { state: "running" }));
    this.done = this.card("Jobs done", to("clusters"));
    this.cpus.bar = bar("busy");
    this.cpus.sub.before(this.cpus.bar.element);
    this.restart();
  }

  card(label, address, kind = "") {
    const value = el("dd", { class: "value" });
    const sub = el("dd", { class: "sub" });
    this.holder.append(el("div", { class: `card ${kind}` }, el("dt", {}, el("a", { href: address }, label)), value, sub));
    return { value, sub };
  }

  /** Forgets what belongs to an earlier run of the scheduler. */
  restart() {
    this.speed = new Speed();
  }

  update({ totals, time, ...state }) {
    const nodes = [...state.nodes.values()];
    const { cpus, busy, clusters, waiting, running, done } = totals;
    setText(this.nodes.value, usable(nodes));
    this.showStates(nodes);
    setText(this.cpus.value, `${count(busy)} / ${count(cpus)}`);
    setText(this.cpus.sub, cpus ? `${percent(Math.min(100, (100 * busy) / cpus))} in use` : "none to use yet");
    this.cpus.bar.size([cpus ? busy / cpus : 0]);
    setText(this.waiting.value, count(waiting));
    const paused = [...state.clusters.values()].filter((cluster) => cluster.paused).length;
    setText(this.waiting.sub, `${clusters ? `in ${counted(clusters, "cluster")}` : "no clusters"}${paused ? `, ${count(paused)} paused` : ""}`);
    setAttribute(this.waiting.sub, "data-tone", paused ? "warn" : null);
    const active = nodes.filter((node) => node.busy > 0).length;
    setText(this.running.value, count(running));
    setText(this.running.sub, active ? `on ${counted(active, "node")}` : "all idle");
    setText(this.done.value, count(done));
    setText(this.done.sub, rate(this.speed.add(time, done)) || "\u00a0");
  }

  /** How many nodes are in which state; first, and loud, the states nobody asked for. */
  showStates(nodes) {
    const tally = new Map();
    for (const node of nodes) tally.set(clean(node.state), (tally.get(clean(node.state)) ?? 0) + 1);
    const bad = (word) => Number(NODE_TONES[word] === "bad");
    const order = [...tally].sort((a, b) => bad(b[0]) - bad(a[0]) || b[1] - a[1]);
    const parts = order.slice(0, STATES).map(([word, size]) => `${count(size)} ${word}`);
    const all = order.length === 1 ? `all ${order[0][0]}` : parts.join(", ");
    setText(this.nodes.sub, order.length === 0 ? "none yet" : all);
    setAttribute(this.nodes.sub, "data-tone", order.some(([word]) => bad(word)) ? "warn" : null);
  }
}
