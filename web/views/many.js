// Orders to all nodes that are picked: of the nodes themselves, and of a cluster's place on them.

import { act, confirm, needs } from "../live/act.js";
import { button, el, setText } from "../parts/dom.js";
import { clean, counted } from "../parts/format.js";
import { choice, offer } from "../parts/page.js";
import { askCpus, at } from "./orders.js";

const danger = needs("admin", { class: "plain danger" });

/** `picked()` returns addresses; update({clusters, cluster}) after each look. */
export function manyOrders(picked) {
  const nodes = () => counted(picked().length, "node");
  const order = (path, given = {}) => act("POST", path, { ...given, addresses: picked() });
  const words = el("strong");
  const { element: chooser, select } = choice("For cluster", [], () => show());
  const name = () => select.selectedOptions[0]?.textContent ?? "";
  const place = (what) => at("clusters", select.value, `nodes/${what}`);
  const own = [
    button("Allocate", () => act("POST", place("allocate"), { nodes: picked().map((host) => ({ host })) }), needs("operator")),
    button("Deallocate", () => order(place("deallocate")), needs("operator")),
    button("Close for it…", () => confirm(`Take ${name()} from ${nodes()}`, "Jobs that run there end first.",
      "Take it away", (given) => order(place("close"), given)), danger),
  ];
  const element = el("div", { class: "many", id: "many", role: "group", "aria-label": "Orders to the picked nodes", hidden: true }, words,
    button("Drain", () => order("nodes/drain"), needs("operator")),
    button("Resume", () => order("nodes/resume"), needs("operator")),
    button("Set CPUs…", () => askCpus(`CPUs of ${nodes()}`, "", ({ cpus, ...given }) => act("POST", "nodes/cpus",
      { ...given, nodes: picked().map((address) => ({ address, cpus })) })), needs("operator")),
    button("Close…", () => confirm(`Close ${nodes()}`, "All clusters leave them at once, with the jobs that run there.",
      "Close them", (given) => order("nodes/close", given)), danger),
    chooser, ...own);
  const show = () => own.forEach((one) => { one.disabled = select.value === ""; });
  return {
    element,
    update({ clusters, cluster }) {
      element.hidden = picked().length === 0;
      setText(words, `${nodes()} picked`);
      offer(select, select.value || cluster, [...clusters.values()].map(({ id, label }) => [id, clean(label)]), "none");
      show();
    },
  };
}
