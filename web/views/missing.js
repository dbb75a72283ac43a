// What is shown where an address leads nowhere.

import { el } from "../parts/dom.js";
import { to } from "../shell/router.js";

export class View {
  constructor() {
    this.title = "Not found";
    this.element = el("section", { class: "panel empty" },
      el("h1", {}, "There is no such view"),
      el("p", {}, "The address may be mistyped. ", el("a", { href: to("overview") }, "Overview")));
  }

  open() {}

  update() {}
}
