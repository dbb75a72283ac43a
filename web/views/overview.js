// The overview: is it working, is it full, does anything need a look.

import { Heat, HEATS } from "../charts/heat.js";
import { Shares } from "../charts/shares.js";
import { Track } from "../charts/track.js";
import { el, fill, setAttribute, setText } from "../parts/dom.js";
import { inOrder } from "../parts/order.js";
import { to } from "../shell/router.js";
import { warnings } from "./attention.js";
import { NODE_ORDERS } from "./node_columns.js";
import { noClusters, noNodes } from "./teaching.js";
import { Totals } from "./totals.js";

export class View {
  constructor() {
    this.title = "Overview";
    const cards = el("dl", { class: "cards", id: "totals" });
    this.totals = new Totals(cards);
    this.attention = el("ul", {
      class: "attention", id: "attention", "aria-live": "polite", "aria-label": "Needs your look",
    });
    this.track = new Track();
    this.shares = new Shares();
    this.heat = new Heat((key) => { location.hash = to("nodes", key); });
    this.noNodes = noNodes();
    this.noClusters = noClusters();
    this.grid = el("div", {}, title("Nodes", "nodes"), this.heat.element);
    this.work = el("div", { class: "pair" },
      el("div", { class: "panel" }, el("h2", {}, "Queue and throughput"), this.track.element),
      el("div", { class: "panel" }, el("h2", {}, "Share of the running jobs"), this.shares.element));
    this.element = el("section", {}, el("h1", { class: "unseen" }, "Overview"), cards,
      this.attention, this.noNodes.element, this.noClusters.element, this.work, this.grid);
  }

  open() {}

  update(state) {
    const nodes = [...state.nodes.values()];
    const clusters = [...state.clusters.values()];
    this.totals.update(state);
    fill(this.attention, warnings(state), () => el("li"), (item, { tone, text }) => {
      setAttribute(item, "data-tone", tone);
      setText(item, text);
    });
    this.noNodes.element.hidden = nodes.length > 0;
    this.noClusters.element.hidden = clusters.length > 0;
    this.noNodes.update(state);
    this.noClusters.update(state);
    this.grid.hidden = nodes.length === 0;
    this.work.hidden = nodes.length + clusters.length === 0;
    this.shares.update(clusters, state.totals.running ?? 0);
    this.track.update(state);
    this.heat.update(inOrder(nodes, NODE_ORDERS.address, false), HEATS.busy, state.time);
  }

  restarted() {
    this.totals.restart();
    this.track.restart();
  }

  recolour() {
    this.heat.recolour();
    this.track.recolour();
  }

  close() {
    this.heat.close();
    this.track.close();
  }
}

function title(words, name) {
  return el("div", { class: "heading" }, el("h2", {}, el("a", { href: to(name) }, words)));
}
