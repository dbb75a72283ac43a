// One stream for all tabs of this browser: browsers allow six connections to a server over HTTP/1.1,
// so with one stream a tab the seventh would hang. It is open while any tab can be seen.

import { NAMES, apply, follows } from "./live/state.js";
import { Stream } from "./live/stream.js";

const seen = new Set(); // ports of tabs that can be seen
let state = null; // what all of them show
let last = null; // state of the stream

const stream = new Stream(new URL("../api/v1/events", import.meta.url), {
  names: NAMES,
  onEvent(name, data) {
    if (!follows(state, name, data)) return stream.open();
    state = apply(state, name, data);
    for (const port of seen) port.postMessage({ name, data });
  },
  onState(now) {
    last = now;
    for (const port of seen) port.postMessage({ state: now });
  },
});

function show(port) {
  seen.add(port);
  if (stream.source === null && stream.retryAt === null) stream.open();
  else if (state) port.postMessage({ whole: state });
  port.postMessage({ state: last });
}

function hide(port) {
  seen.delete(port);
  if (seen.size === 0) stream.pause();
}

addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data === "seen") show(port);
    else if (data === "hidden") hide(port);
    else if (data === "retry") stream.open();
  };
});
