// How much of the running jobs each cluster has: a bar for each, the largest first.

import { bar } from "../parts/bar.js";
import { el, fill, setAttribute, setText } from "../parts/dom.js";
import { clean, count } from "../parts/format.js";
import { to } from "../shell/router.js";

const SHOWN = 12;

export class Shares {
  constructor() {
    this.list = el("ul", { class: "shares" });
    this.none = el("p", { class: "hint" }, "Nothing runs.");
    this.element = el("div", {}, this.list, this.none);
  }

  update(clusters, total) {
    const running = clusters.filter((cluster) => cluster.running > 0)
      .sort((a, b) => b.running - a.running);
    const rows = running.slice(0, SHOWN).map(({ id, label, running: jobs }) => ({ id, label: clean(label), jobs }));
    const rest = running.slice(SHOWN).reduce((sum, cluster) => sum + cluster.running, 0);
    if (rest) rows.push({ id: "", label: `${count(running.length - SHOWN)} others`, jobs: rest });
    this.none.hidden = rows.length > 0;
    fill(this.list, rows, row, (item, { id, label, jobs }) => {
      const [link, words] = item.children;
      setText(link, label);
      setAttribute(link, "href", id ? to("clusters", id) : to("clusters"));
      setText(words, `${count(jobs)} running, ${Math.round((100 * jobs) / Math.max(1, total))} %`);
      item.size([jobs / Math.max(1, total)]);
    });
  }
}

function row() {
  const { element, size } = bar("busy");
  return Object.assign(el("li", {}, el("a"), el("span"), element), { size });
}
