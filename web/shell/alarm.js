// What is wrong, at a glance in all views: a line for what stops everything, and how many nodes and
// clusters need a look beside the names of their views.

import { el, setAttribute, setText } from "../parts/dom.js";
import { count } from "../parts/format.js";
import { alarms } from "../views/attention.js";

const BAD = new Set(["lost", "quarantine"]);
const HELD = new Set(["drained", "held", "closed"]);

export class Alarm {
  /** `links`: those of the navigation, by view. */
  constructor(line, links) {
    this.line = line;
    this.badges = Object.fromEntries(["nodes", "clusters"].map((name) => {
      const badge = el("span", { class: "badge", hidden: true });
      links.get(name).append(badge);
      return [name, badge];
    }));
  }

  update(state) {
    const found = alarms(state);
    const [first] = found;
    this.line.hidden = found.length === 0;
    setText(this.line, first ? `${first.text}${found.length > 1 ? ` And ${count(found.length - 1)} more.` : ""}` : "");
    setAttribute(this.line, "href", found.length > 1 ? "#/overview" : first?.href ?? null);
    const nodes = [...state.nodes.values()];
    const bad = nodes.filter((node) => BAD.has(node.state)).length;
    const held = nodes.filter((node) => HELD.has(node.state)).length;
    this.badge("nodes", bad || held, bad ? "bad" : "warn", bad ? "lost or in quarantine" : "not used now");
    const paused = [...state.clusters.values()].filter((cluster) => cluster.paused).length;
    this.badge("clusters", paused, "warn", "paused");
  }

  badge(name, value, tone, words) {
    const badge = this.badges[name];
    badge.hidden = value === 0;
    setText(badge, count(value));
    setAttribute(badge, "data-tone", tone);
    setAttribute(badge, "title", `${count(value)} ${words}`);
  }
}
