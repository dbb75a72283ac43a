// The box in the header: finds a job by uid, a node by name or address, a cluster by name.

import { to } from "./router.js";

export class Search {
  /** `state()` returns what is known. */
  constructor(state) {
    this.form = document.getElementById("search");
    this.box = this.form.elements.q;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const words = this.box.value.trim();
      if (words) location.hash = place(words, state());
      this.box.value = "";
      this.box.blur();
    });
    this.box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.box.blur();
    });
  }

  focus() {
    this.box.focus();
  }
}

function place(words, state) {
  if (/^\d{5,}$/.test(words)) return to("jobs", words);
  const nodes = [...(state?.nodes.values() ?? [])];
  const same = nodes.filter((node) => node.address === words || node.name === words);
  if (same.length === 1) return to("nodes", same[0].address);
  const low = words.toLowerCase();
  const clusters = [...(state?.clusters.values() ?? [])]
    .filter((cluster) => String(cluster.label).toLowerCase().includes(low));
  const [only] = clusters;
  if (clusters.length === 1) return to("clusters", only.id);
  return clusters.length ? to("clusters", "", { q: words }) : to("nodes", "", { q: words });
}
