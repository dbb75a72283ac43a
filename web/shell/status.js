// The state of the link to the scheduler, loud where the numbers are not current.

import { setText } from "../parts/dom.js";
import { clean, clock } from "../parts/format.js";

const NOTICE = 60_000; // ms
const byId = (id) => document.getElementById(id);
const at = (since) => clock(new Date(since));

/** In a few words for the header. */
function shortly({ name, since }) {
  const words = { live: "Live", connecting: "Connecting…", paused: "Paused", locked: "Logged out" };
  if (words[name]) return words[name];
  if (!since) return "No answer";
  return name === "stopped" ? `Stopped at ${at(since)}` : `Stale since ${at(since)}`;
}

/** In full for the banner; "" when all is well. */
function fully({ name, since, message }) {
  if (name === "live" || name === "connecting" || name === "paused") return "";
  if (name === "locked") return "You are logged out.";
  if (name === "trouble") return sentence(clean(message), since);
  if (name === "stopped") return sentence("The scheduler has stopped", since);
  const fact = "The scheduler does not answer";
  return since ? `Stale since ${at(since)}. ${fact}; the numbers below are old.` : `${fact}.`;
}

function sentence(words, since) {
  const fact = words.charAt(0).toUpperCase() + words.slice(1);
  return since ? `${fact}. The numbers below are from ${at(since)}.` : `${fact}.`;
}

export class Status {
  constructor({ onRetry, onHold }) {
    this.run = null; // which run of the scheduler the page shows: its epoch and version
    this.mark = "";
    byId("retry").addEventListener("click", () => {
      if (document.body.dataset.state === "locked") location.reload(); // strangers get the login
      else onRetry();
    });
    byId("live").parentElement.addEventListener("click", onHold);
    document.addEventListener("gsched:title", () => this.title());
  }

  /** The state of the stream has come (see stream.js). */
  state(state) {
    const words = fully(state);
    const { name, since, retryIn } = state;
    document.body.dataset.state = name;
    document.body.classList.toggle("old", words !== "" && since !== null);
    setText(byId("live"), shortly(state));
    setText(byId("banner-text"), words);
    byId("banner").hidden = words === "";
    byId("retry").hidden = retryIn === null;
    setText(byId("retry"), name === "locked" ? "Sign in" : "Try now");
    setText(byId("banner-retry"), retryIn === null ? "" : `Next try in ${retryIn} s`);
    const marks = { paused: " (paused)", stopped: " (stopped)", locked: " (logged out)" };
    this.mark = marks[name] ?? (words ? " (stale)" : "");
    this.title();
  }

  title() {
    const view = document.body.dataset.title;
    document.title = `${view ? `${view} · ` : ""}gsched${this.mark}`;
  }

  /** The scheduler's state has come: it may be another run of it. */
  heard({ epoch, head: { version } }) {
    if (this.run && this.run.epoch !== epoch) {
      const news = this.run.version === version ? ""
        : ` as version ${clean(version)}; reload the page to match it`;
      this.notice(`The scheduler restarted at ${clock(new Date())}${news}.`);
    }
    this.run = { epoch, version };
  }

  notice(text) {
    setText(byId("notice"), text);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => setText(byId("notice"), ""), NOTICE);
  }
}
