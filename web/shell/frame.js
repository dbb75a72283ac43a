// What stays while views come and go: the navigation, the footer, and the place for the view.

import { el, setAttribute, setText } from "../parts/dom.js";
import { clean, duration } from "../parts/format.js";
import { to } from "./router.js";
import { VIEWS } from "./views.js";

const ALGORITHMS = {
  submitted: "earliest job first",
  fair: "clusters take turns",
  early: "earliest cluster first",
  weighted: "least used first",
};
const SKEW = 5; // seconds that clocks may differ before it is worth a word

export class Frame {
  constructor(router) {
    this.router = router;
    this.place = document.getElementById("main");
    this.view = null;
    this.kind = ""; // which view that is
    this.state = null;
    this.round = 0;
    this.missed = null; // route of a view that could not be loaded
    this.links = Object.entries(VIEWS).map(([name, { label }]) => [name, el("a", { href: to(name) }, label)]);
    document.getElementById("nav").append(...this.links.map(([, link]) => link));
    this.facts = el("p");
    document.getElementById("foot").append(this.facts);
  }

  /** Goes to the view of an address. */
  async show(route) {
    const known = VIEWS[route.name];
    for (const [name, link] of this.links) {
      setAttribute(link, "aria-current", name === route.name ? "page" : null);
    }
    const load = route.id ? known?.loadOne : known?.load;
    const kind = load ? `${route.name}${route.id ? "/one" : ""}` : "";
    if (this.view && kind === this.kind && kind) {
      this.missed = null;
      this.view.open(route);
      this.title();
      return;
    }
    this.round += 1;
    const { round } = this;
    const module = await (load ?? (() => import("../views/missing.js")))().catch(() => null);
    if (round !== this.round) return;
    // Without the server a view that nobody has been to cannot be had; it comes with the next numbers.
    this.missed = module ? null : route;
    if (module) this.change(new module.View(this.router), kind, route);
    else this.place.replaceChildren(el("p", { class: "loading" }, `${known?.label ?? "The view"} is loaded as soon as the server answers.`));
  }

  /** On a phone not all names of views fit. */
  reveal() {
    const link = document.querySelector("nav [aria-current]");
    if (link) link.parentElement.scrollLeft = link.offsetLeft - link.parentElement.offsetLeft - 60;
  }

  change(view, kind, route) {
    const moved = this.view !== null;
    this.view?.close?.();
    Object.assign(this, { view, kind });
    document.body.dataset.view = route.name;
    view.open(route);
    if (this.state) this.put();
    this.title();
    // Who goes to another view by a link or a key goes on reading there, unless already typing.
    if (moved && !document.activeElement.closest("input, select, dialog")) this.place.focus({ preventScroll: true });
    scrollTo(0, 0);
    this.reveal();
  }

  /** A view is shown as soon as there are numbers for it. */
  put() {
    this.place.replaceChildren(this.view.element);
    this.view.update(this.state);
  }

  update(state) {
    const first = this.state === null || this.state.epoch !== state.epoch;
    this.state = state;
    this.footer(state);
    if (this.missed) this.show(this.missed);
    if (!this.view || this.missed) return;
    if (first) this.reveal();
    if (first && this.view.restarted) this.view.restarted();
    if (first || !this.view.element.isConnected) this.put();
    else this.view.update(state);
    this.title();
  }

  recolour() {
    this.view?.recolour?.();
  }

  title() {
    document.body.dataset.title = this.view?.title ?? "";
    document.dispatchEvent(new Event("gsched:title"));
  }

  footer({ head, time }) {
    const ahead = Math.round(time - Date.now() / 1000);
    const skew = Math.abs(ahead) > SKEW
      ? `the scheduler's clock is ${duration(Math.abs(ahead))} ${ahead > 0 ? "ahead" : "behind"}` : "";
    const words = [
      `gsched ${clean(head.version)}`,
      ALGORITHMS[head.algorithm] ?? clean(head.algorithm),
      `up for ${duration(time - head.started)}`,
      skew,
    ];
    setText(this.facts, words.filter(Boolean).join(" · "));
  }
}
