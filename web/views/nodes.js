// All nodes: a cell for each, and a table of those that are wanted.

import { Heat, HEATS } from "../charts/heat.js";
import { Asking, ask } from "../live/ask.js";
import { csvButton } from "../parts/csv.js";
import { el, setText } from "../parts/dom.js";
import { bytes, clean, count, counted, duration } from "../parts/format.js";
import { inOrder, orderOf, turned } from "../parts/order.js";
import { choice, filterBox, heading, offer } from "../parts/page.js";
import { Pager } from "../parts/pager.js";
import { Picks } from "../parts/picks.js";
import { Table } from "../parts/table.js";
import { to } from "../shell/router.js";
import { NODE_ORDERS, nodeColumns, nodeKey } from "./node_columns.js";
import { manyOrders } from "./many.js";
import { addNodes } from "./orders.js";
import { noNodes } from "./teaching.js";

const COLUMNS = {
  address: (node) => node.address, name: (node) => node.name, state: (node) => node.state,
  cpus: (node) => node.cpus, busy: (node) => node.busy, jobs_done: (node) => node.jobs_done,
  job_seconds: (node) => node.cpu_time, free_cpu_percent: (node) => node.avail?.cpu,
  free_memory_bytes: (node) => node.avail?.memory, free_swap_percent: (node) => node.avail?.swap,
  free_disk_bytes: (node) => node.avail?.disk, bytes_sent: (node) => node.sent,
  bytes_received: (node) => node.received, note: (node) => node.note,
};
const TEXTS = ["address", "name", "state"]; // orders that begin with the smallest

export class View {
  constructor(router) {
    this.title = "Nodes";
    this.time = 0;
    this.shown = []; // in the order in which they stand
    const refine = (changes) => router.refine({ page: "", ...changes });
    this.box = filterBox("Name or address", (q) => refine({ q }));
    this.states = choice("State", [["", "all"]], (state) => refine({ state }));
    this.heats = choice("Colour", Object.entries(HEATS).map(([name, { label }]) => [name, label]),
      (heat) => refine({ heat }));
    this.sorts = choice("Order", [
      ["address", "address"], ["name", "name"], ["-load", "busiest"], ["-jobs_done", "jobs done"],
      ["-cpu_time", "job time"], ["-heard", "heard last"],
    ], (sort) => refine({ sort }));
    this.clusters = choice("Cluster", [["", "all"]], (cluster) => refine({ cluster }));
    this.head = heading("Nodes", this.box, this.clusters.element, this.states.element,
      this.sorts.element, addNodes(), csvButton("nodes", COLUMNS, () => [this.shown]));
    this.picks = new Picks(nodeKey, () => this.showMany());
    this.many = manyOrders(() => [...this.picks.keys]);
    this.places = null; // addresses of the chosen cluster's nodes, as far as they are known
    this.asking = new Asking((signal) => ask(`clusters/${encodeURIComponent(this.cluster)}`, signal),
      ({ places }) => this.scope(new Set(places.map(({ node }) => node))), () => this.scope(new Set()));
    const [first, ...columns] = nodeColumns(() => this.time);
    this.sorts.element.classList.add("narrow"); // elsewhere the headings do it
    this.heat = new Heat((key) => { location.hash = to("nodes", key); }, this.heats.element);
    this.table = new Table("Nodes: the machines that run jobs, how busy they are and what is free on them",
      [this.picks.in(first, "operator"), ...columns], nodeKey, {
        id: "nodes",
        onSort: (name) => refine({ sort: turned(this.order, name, !TEXTS.includes(name)) }),
      });
    this.pager = new Pager((changes) => router.refine(changes));
    this.sums = el("p", { class: "sums" });
    this.none = el("p", { class: "hint" }, "No node matches. ",
      el("a", { href: to("nodes") }, "Show all"));
    this.teaching = noNodes();
    this.full = el("div", {}, this.heat.element, this.sums, this.many.element, this.table.element, this.none,
      this.pager.element);
    this.element = el("section", {}, this.head.element, this.full, this.teaching.element);
  }

  open({ query }) {
    this.query = query;
    this.order = orderOf(query, NODE_ORDERS, { name: "address", down: false });
    this.table.sorted(this.order.name, this.order.down);
    if (document.activeElement !== this.box) this.box.value = query.get("q") ?? "";
    this.heats.select.value = Object.hasOwn(HEATS, query.get("heat") ?? "") ? query.get("heat") : "busy";
    this.sorts.select.value = query.get("sort") ?? "address";
    const cluster = query.get("cluster") ?? "";
    if (this.cluster !== cluster) {
      Object.assign(this, { cluster, places: null });
      this.asking.stop();
      if (cluster) this.asking.restart();
    }
    if (this.state) this.update(this.state, true);
  }

  /** Only nodes that are set up for the chosen cluster. */
  scope(places) {
    this.places = places;
    if (this.state) this.update(this.state);
  }

  showMany() {
    this.many.update({ clusters: this.state.clusters, cluster: this.cluster });
  }

  update(state, anew = false) {
    this.state = state;
    this.time = state.time;
    const all = [...state.nodes.values()];
    this.offer(all);
    offer(this.clusters.select, this.cluster, [...state.clusters.values()].map(({ id, label }) => [id, clean(label)]));
    setText(this.head.count, count(all.length));
    this.full.hidden = all.length === 0;
    this.teaching.element.hidden = all.length > 0;
    this.teaching.update(state);
    const wanted = this.wanted(all);
    this.put(wanted, anew);
    this.sum(wanted);
    this.none.hidden = wanted.length > 0;
    this.table.element.hidden = wanted.length === 0;
    const rows = this.pager.cut(this.shown, this.query);
    this.picks.show(rows);
    this.table.update(rows);
    this.showMany();
    if (this.cluster) this.asking.tick();
    this.heat.update(this.shown, HEATS[this.heats.select.value], state.time);
  }

  /** Rows stand still while somebody points at them. */
  put(wanted, anew) {
    const known = new Map(wanted.map((node) => [node.address, node]));
    const same = known.size === this.shown.length && this.shown.every((node) => known.has(node.address));
    if (same && !anew && this.table.held) {
      this.shown = this.shown.map((node) => known.get(node.address));
    } else {
      this.shown = inOrder(wanted, NODE_ORDERS[this.order.name], this.order.down);
    }
  }

  wanted(all) {
    const q = (this.query.get("q") ?? "").toLowerCase();
    const state = this.query.get("state");
    return all.filter((node) => (!state || node.state === state)
      && (!this.cluster || (this.places?.has(node.address) ?? false))
      && (!q || `${node.name} ${node.address}`.toLowerCase().includes(q)));
  }

  /** The states that there are, with how many. */
  offer(all) {
    const tally = new Map();
    for (const { state } of all) tally.set(state, (tally.get(state) ?? 0) + 1);
    const asked = this.query.get("state");
    if (asked && !tally.has(asked)) tally.set(asked, 0);
    const words = [["", "all"], ...[...tally].map(([name, size]) => [name, `${clean(name)} (${count(size)})`])];
    const { select } = this.states;
    const text = JSON.stringify(words);
    if (this.offered !== text && document.activeElement !== select) {
      this.offered = text;
      select.replaceChildren(...words.map(([value, label]) => el("option", { value }, label)));
    }
    select.value = asked ?? "";
  }

  sum(nodes) {
    const sum = (of) => nodes.reduce((total, node) => total + (of(node) || 0), 0);
    setText(this.sums, [
      `${counted(nodes.length, "node")}`,
      `${count(sum((node) => node.busy))} of ${counted(sum((node) => node.cpus), "CPU")} busy`,
      `${counted(sum((node) => node.jobs_done), "job")} done in ${duration(sum((node) => node.cpu_time))}`,
      `${bytes(sum((node) => node.avail?.memory))} of memory free`,
    ].join(" · "));
  }

  recolour() {
    this.heat.recolour();
  }

  close() {
    this.asking.stop();
    this.heat.close();
  }
}
