// One node: what it is, why it is not used, what it runs and for whom.

import { Asking, ask } from "../live/ask.js";
import { el, setText } from "../parts/dom.js";
import { bytes, clean, count, duration, moment, percent, seconds } from "../parts/format.js";
import { JobList } from "../parts/job_list.js";
import { facts, heading } from "../parts/page.js";
import { tell } from "../parts/table.js";
import { to } from "../shell/router.js";
import { NODE_TONES, lastHeard, nodeName, note, perJob, stateOf } from "./node_columns.js";
import { nodeOrders } from "./orders.js";
import { placeLink, placesTable } from "./places.js";

const SENTENCE = 1000; // characters
const HOURS = 60_000; // ms from one look at its service times to the next: the node itself is asked

export class View {
  constructor(router) {
    this.title = "Node";
    this.pill = el("span", { class: "pill" });
    this.head = heading("Node");
    this.head.count.replaceWith(this.pill);
    this.why = el("p", { class: "why", id: "node-why", role: "status" });
    this.orders = nodeOrders();
    this.orders.element.hidden = true;
    this.facts = facts();
    this.list = new JobList((changes) => router.refine(changes));
    this.places = placesTable("The clusters that are set up on this node",
      placeLink("Cluster", "clusters", (place) => place.cluster, (place) => clean(place.label)),
      (place) => place.cluster, ({ cluster, label }) => ({ cluster, node: this.address, name: clean(label) }));
    this.element = el("section", {},
      el("p", { class: "crumbs" }, el("a", { href: to("nodes") }, "Nodes")),
      this.head.element, this.why, this.orders.element,
      el("div", { class: "panel" }, this.facts.element),
      el("div", { class: "heading" }, el("h2", {}, "Jobs there")), this.list.element,
      el("div", { class: "heading" }, el("h2", {}, "Clusters")), this.places.element);
    this.asking = new Asking((signal) => ask(`nodes/${encodeURIComponent(this.address)}`, signal),
      (node) => this.show(node), (error) => this.failed(error));
    this.hours = new Asking((signal) => ask(`nodes/${encodeURIComponent(this.address)}/service`, signal),
      (told) => this.facts.set(service(told)), () => {}, HOURS);
  }

  open({ id, query }) {
    const other = this.address !== id;
    this.address = id;
    this.list.open({ node: id, after: query.get("after") ?? "" });
    if (!other) return;
    this.asking.restart();
    this.hours.restart();
  }

  update(state) {
    this.asking.tick();
    this.hours.tick();
    this.list.tick(state);
  }

  close() {
    this.asking.stop();
    this.hours.stop();
    this.list.close();
  }

  show(node) {
    this.title = nodeName(node);
    setText(this.head.title, this.title);
    tell(this.pill, stateOf(node), NODE_TONES);
    this.orders.update(node);
    this.orders.element.hidden = false;
    setText(this.why, clean(node.why, SENTENCE));
    this.facts.set([
      ["Address", `${clean(node.address)}:${node.port}`],
      ["dispy", clean(node.release) || "–"],
      ["CPUs busy", `${count(node.busy)} / ${count(node.cpus)}`],
      ["Jobs done", count(node.jobs_done)],
      ["Time/job", seconds(perJob(node))],
      ["Job time", duration(node.cpu_time)],
      ["Data sent", bytes(node.sent)],
      ["Data received", bytes(node.received)],
      ["CPU free", percent(node.avail?.cpu)],
      ["Memory free", bytes(node.avail?.memory)],
      ["Swap free", percent(node.avail?.swap)],
      ["Disk free", bytes(node.avail?.disk)],
      ["Last heard", lastHeard(node.heard)],
      ["Note", note(node) || "–"],
    ]);
    this.places.update(node.places);
    this.places.element.hidden = node.places.length === 0;
  }

  failed(error) {
    if (error.status === 404) setText(this.head.title, clean(this.address));
    setText(this.why, clean(error.message, SENTENCE));
  }
}

/** When a node serves, as facts. */
function service({ start, stop, end, clients_left: left, clients_done: done, why }) {
  const times = [start && `from ${moment(start)}`, stop && `no new jobs after ${moment(stop)}`, end && `jobs end at ${moment(end)}`];
  const clients = [done === null ? "" : `${count(done)} served`, left === null ? "" : `${count(left)} more before it quits`];
  return [
    ["Service times", clean(why) || times.filter(Boolean).join(", ") || "always"],
    ["Clients", clients.filter(Boolean).join(", ") || "–"],
  ];
}
