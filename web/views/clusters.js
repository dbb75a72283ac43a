// All clusters: how far each is, and how much of the machines it has.

import { el, setText } from "../parts/dom.js";
import { count } from "../parts/format.js";
import { inOrder, orderOf, turned } from "../parts/order.js";
import { filterBox, heading } from "../parts/page.js";
import { Pager } from "../parts/pager.js";
import { Table } from "../parts/table.js";
import { to } from "../shell/router.js";
import { CLUSTER_ORDERS, clusterColumns, clusterKey } from "./cluster_columns.js";
import { noClusters } from "./teaching.js";

const OPENED = { name: "", down: false }; // the order in which they were opened

export class View {
  constructor(router) {
    this.title = "Clusters";
    this.running = 0;
    const refine = (changes) => router.refine({ page: "", ...changes });
    this.box = filterBox("Name or client", (q) => refine({ q }));
    this.head = heading("Clusters", this.box);
    this.table = new Table("Clusters: the computations of connected programs and the jobs of each",
      clusterColumns(() => this.running), clusterKey, {
        id: "clusters",
        onSort: (name) => refine({ sort: turned(this.order, name, !["name", "state"].includes(name)) }),
      });
    this.pager = new Pager((changes) => router.refine(changes));
    this.none = el("p", { class: "hint" }, "No cluster matches. ", el("a", { href: to("clusters") }, "Show all"));
    this.teaching = noClusters();
    this.element = el("section", {}, this.head.element, this.table.element, this.none,
      this.pager.element, this.teaching.element);
  }

  open({ query }) {
    this.query = query;
    this.order = orderOf(query, CLUSTER_ORDERS, OPENED);
    this.table.sorted(this.order.name, this.order.down);
    if (document.activeElement !== this.box) this.box.value = query.get("q") ?? "";
    if (this.state) this.update(this.state);
  }

  update(state) {
    this.state = state;
    this.running = state.totals.running ?? 0;
    const all = [...state.clusters.values()];
    const q = (this.query.get("q") ?? "").toLowerCase();
    const wanted = all.filter(({ label }) => !q || String(label).toLowerCase().includes(q));
    const by = CLUSTER_ORDERS[this.order.name];
    setText(this.head.count, count(all.length));
    this.table.element.hidden = wanted.length === 0;
    this.none.hidden = wanted.length > 0 || all.length === 0;
    this.teaching.element.hidden = all.length > 0;
    this.teaching.update(state);
    this.table.update(this.pager.cut(by ? inOrder(wanted, by, this.order.down) : wanted, this.query));
  }
}
