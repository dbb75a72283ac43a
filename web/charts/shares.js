// How much of the CPU time each cluster had: a bar for each, the largest first.

import { bar } from "../parts/bar.js";
import { el, fill, setAttribute, setText } from "../parts/dom.js";
import { count, duration } from "../parts/format.js";
import { to } from "../shell/router.js";
import { tellApart } from "./tell_apart.js";

const SHOWN = 8;

export class Shares {
  constructor() {
    this.list = el("ul", { class: "shares" });
    this.none = el("p", { class: "hint" }, "No job ran in this time.");
    this.element = el("div", {}, this.list, this.none);
  }

  /** `shares` are as the API has them; `clusters`: those that are there, by id. */
  update(shares, clusters) {
    const sum = shares.reduce((all, { seconds }) => all + seconds, 0);
    const told = tellApart(shares.map(({ cluster, label }) => ({ id: cluster, label })));
    const rows = shares.slice(0, SHOWN).map((one, index) => ({ ...one, ...told[index] }));
    const rest = shares.slice(SHOWN);
    if (rest.length) {
      const seconds = rest.reduce((all, one) => all + one.seconds, 0);
      rows.push({ cluster: null, label: `${count(rest.length)} others`, colour: "var(--quiet)", seconds });
    }
    this.none.hidden = rows.length > 0;
    fill(this.list, rows, row, (item, { cluster, label, colour, seconds }) => {
      const [link, words] = item.children;
      const there = clusters.get(cluster);
      setText(link, label);
      setAttribute(link, "href", there ? to("clusters", cluster) : null);
      setText(words, [`${Math.round((100 * seconds) / sum)} %`, duration(seconds),
        there?.running ? `${count(there.running)} running` : ""].filter(Boolean).join(" · "));
      item.size([seconds / sum]);
      item.paint(colour);
    });
  }
}

function row() {
  const { element, size } = bar("busy");
  const paint = (colour) => element.firstChild.style.setProperty("background", colour);
  return Object.assign(el("li", {}, el("a"), el("span"), element), { size, paint });
}
