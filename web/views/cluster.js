// One cluster: how far it is, why it does not get on, its nodes and its jobs.

import { Asking, ask } from "../live/ask.js";
import { el, setText } from "../parts/dom.js";
import { ago, clean, count } from "../parts/format.js";
import { JobList } from "../parts/job_list.js";
import { choice, facts, heading } from "../parts/page.js";
import { tell } from "../parts/table.js";
import { to } from "../shell/router.js";
import { CLUSTER_TONES, named, note, progress, stateOf } from "./cluster_columns.js";
import { clusterOrders } from "./orders.js";
import { placeLink, placesTable } from "./places.js";

const SENTENCE = 1000; // characters
const STATES = [["", "all"], ...["queued", "sending", "running", "done"].map((x) => [x, x])];

export class View {
  constructor(router) {
    this.title = "Cluster";
    this.pill = el("span", { class: "pill" });
    this.head = heading("Cluster");
    this.head.count.replaceWith(this.pill);
    this.why = el("p", { class: "why", id: "cluster-why", role: "status" });
    this.orders = clusterOrders();
    this.orders.element.hidden = true;
    this.facts = facts();
    const gauge = el("p", { class: "gauge" });
    this.progress = progress(gauge);
    const refine = (changes) => router.refine({ after: "", ...changes });
    this.states = choice("State", STATES, (state) => refine({ state }));
    this.list = new JobList(refine);
    this.places = placesTable("The nodes of this cluster, and how far its set-up is there",
      placeLink("Node", "nodes", (place) => place.node, (place) => clean(place.node)),
      (place) => place.node, ({ node }) => ({ node: clean(node), cluster: this.id, name: this.title }));
    this.element = el("section", {},
      el("p", { class: "crumbs" }, el("a", { href: to("clusters") }, "Clusters")),
      this.head.element, this.why, this.orders.element,
      el("div", { class: "panel" }, gauge, this.facts.element),
      el("div", { class: "heading" }, el("h2", {}, "Jobs"), this.states.element),
      this.list.element,
      el("div", { class: "heading" }, el("h2", {}, "Nodes")), this.places.element);
    this.asking = new Asking((signal) => ask(`clusters/${encodeURIComponent(this.id)}`, signal),
      (cluster) => this.show(cluster), (error) => setText(this.why, clean(error.message, SENTENCE)));
  }

  open({ id, query }) {
    const other = this.id !== id;
    this.id = id;
    this.states.select.value = query.get("state") ?? "";
    this.list.open({ cluster: id, state: query.get("state") ?? "", after: query.get("after") ?? "" });
    if (other) this.asking.restart();
  }

  update(state) {
    this.asking.tick();
    this.list.tick(state);
  }

  close() {
    this.asking.stop();
    this.list.close();
  }

  show(cluster) {
    const [name, client] = named(cluster);
    this.title = name;
    setText(this.head.title, name);
    tell(this.pill, stateOf(cluster), CLUSTER_TONES);
    this.orders.update(cluster);
    this.orders.element.hidden = false;
    setText(this.why, clean(cluster.why, SENTENCE));
    this.progress(cluster);
    this.facts.set([
      ["Client", clean(client.replace(/^@ /, ""))],
      ["dispy", clean(cluster.release) || "–"],
      ["Waiting", count(cluster.waiting)],
      ["Running", count(cluster.running)],
      ["Done", count(cluster.done)],
      ["Client heard", ago(cluster.heard)],
      ["Reentrant", cluster.reentrant ? "yes: lost jobs run again" : "no"],
      ["Wants", cluster.allocations.slice(0, 5).map(({ host }) => clean(host)).join(", ")],
      ["Note", note(cluster) || "–"],
    ]);
    this.places.update(cluster.places);
    this.places.element.hidden = cluster.places.length === 0;
  }
}
