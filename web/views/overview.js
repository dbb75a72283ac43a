// The overview: is it working, is it full, does anything need a look.

import { Heat, HEATS } from "../charts/heat.js";
import { el, fill, setAttribute, setText } from "../parts/dom.js";
import { inOrder } from "../parts/order.js";
import { to } from "../shell/router.js";
import { Activity } from "./activity.js";
import { warnings } from "./attention.js";
import { NODE_ORDERS } from "./node_columns.js";
import { noClusters, noNodes } from "./teaching.js";
import { Totals } from "./totals.js";

export class View {
  constructor(router) {
    this.title = "Overview";
    const cards = el("dl", { class: "cards", id: "totals" });
    this.totals = new Totals(cards);
    this.attention = el("ul", {
      class: "attention", id: "attention", "aria-live": "polite", "aria-label": "Needs your look",
    });
    this.activity = new Activity(router);
    this.heat = new Heat((key) => { location.hash = to("nodes", key); });
    this.noNodes = noNodes();
    this.noClusters = noClusters();
    this.grid = el("div", {}, title("Nodes", "nodes"), this.heat.element);
    this.element = el("section", {}, el("h1", { class: "unseen" }, "Overview"), cards,
      this.attention, this.noNodes.element, this.noClusters.element, this.grid, this.activity.element);
  }

  open(route) {
    this.activity.open(route);
  }

  update(state) {
    const nodes = [...state.nodes.values()];
    const clusters = [...state.clusters.values()];
    this.totals.update(state);
    fill(this.attention, warnings(state), () => el("li", {}, el("a")), (item, { tone, text, href }) => {
      setAttribute(item, "data-tone", tone);
      setText(item.firstChild, text);
      setAttribute(item.firstChild, "href", href);
    });
    this.noNodes.element.hidden = nodes.length > 0;
    this.noClusters.element.hidden = clusters.length > 0;
    this.noNodes.update(state);
    this.noClusters.update(state);
    this.grid.hidden = nodes.length === 0;
    this.activity.element.hidden = nodes.length + clusters.length === 0;
    this.activity.update(state);
    this.heat.update(inOrder(nodes, NODE_ORDERS.address, false), HEATS.busy, state.time);
  }

  restarted() {
    this.totals.restart();
    this.activity.restart();
  }

  recolour() {
    this.heat.recolour();
    this.activity.recolour();
  }

  close() {
    this.heat.close();
    this.activity.close();
  }
}

function title(words, name) {
  return el("div", { class: "heading" }, el("h2", {}, el("a", { href: to(name) }, words)));
}
