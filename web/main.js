// Starts the page: the link to the scheduler feeds the view that the address names.

import { Link } from "./live/link.js";
import { Account } from "./shell/account.js";
import { Alarm } from "./shell/alarm.js";
import { Frame } from "./shell/frame.js";
import { openHelp } from "./shell/help.js";
import { Keys, pick, step, turn } from "./shell/keys.js";
import { Router, to } from "./shell/router.js";
import { Search } from "./shell/search.js";
import { Status } from "./shell/status.js";
import { Theme } from "./shell/theme.js";
import { VIEWS } from "./shell/views.js";

const status = new Status({ onRetry: () => link.retry(), onHold: () => link.hold() });
const router = new Router((route) => frame.show(route));
const frame = new Frame(router);
const account = new Account(document.getElementById("account"));
const alarm = new Alarm(document.getElementById("alarm"), new Map(frame.links));
const search = new Search(() => link.data);

const link = new Link({
  onChange(state) {
    status.heard(state);
    alarm.update(state);
    account.look(state.epoch);
    frame.update(state);
  },
  onState(state) {
    status.state(state);
    if (state.name === "locked") account.round = ""; // somebody else may sign in
  },
});

new Theme(document.getElementById("theme"), () => frame.recolour());
const go = Object.fromEntries(Object.entries(VIEWS).filter(([, view]) => view.key)
  .map(([name, { key }]) => [`g ${key}`, () => { location.hash = to(name); }]));
const keys = new Keys({
  ...go,
  "/": () => search.focus(),
  "?": () => openHelp(keys),
  p: () => link.hold(),
  j: () => step(1),
  k: () => step(-1),
  x: pick,
  "[": () => turn("back"),
  "]": () => turn("next"),
});
document.getElementById("help").addEventListener("click", () => openHelp(keys));
// The page's own addresses begin with #: the usual way to skip would leave the view.
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
router.start();
