// Jobs of all clusters, or those that are wanted.

import { el, setText } from "../parts/dom.js";
import { clean, count } from "../parts/format.js";
import { JobList } from "../parts/job_list.js";
import { choice, heading, offer } from "../parts/page.js";

const STATES = [["", "all"], ...["queued", "sending", "running", "done"].map((x) => [x, x])];

export class View {
  constructor(router) {
    this.title = "Jobs";
    const refine = (changes) => router.refine({ after: "", ...changes });
    this.states = choice("State", STATES, (state) => refine({ state }));
    this.clusters = choice("Cluster", [["", "all"]], (cluster) => refine({ cluster }));
    this.nodes = choice("Node", [["", "all"]], (node) => refine({ node }));
    this.head = heading("Jobs", this.states.element, this.clusters.element, this.nodes.element);
    this.list = new JobList(refine);
    this.element = el("section", {}, this.head.element, this.list.element);
  }

  open({ query }) {
    this.query = query;
    this.states.select.value = query.get("state") ?? "";
    const wanted = ["state", "cluster", "node", "after"].map((name) => [name, query.get(name) ?? ""]);
    this.list.open(Object.fromEntries(wanted));
    if (this.state) this.update(this.state);
  }

  update(state) {
    this.state = state;
    const { waiting = 0, running = 0 } = state.totals;
    setText(this.head.count, `${count(waiting)} waiting, ${count(running)} running`);
    offer(this.clusters.select, this.query.get("cluster"),
      [...state.clusters.values()].map(({ id, label }) => [id, clean(label)]));
    offer(this.nodes.select, this.query.get("node"),
      [...state.nodes.values()].filter((node) => node.busy).slice(0, 500)
        .map(({ address }) => [address, clean(address)]));
    this.list.tick(state);
  }

  restarted() {
    this.list.reset();
  }

  close() {
    this.list.close();
  }
}
