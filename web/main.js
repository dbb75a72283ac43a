// Starts the page: the stream feeds the view.

import { clean, clock } from "./format.js";
import { Live } from "./live.js";
import { View } from "./view.js";

let run = null; // which run of the scheduler the page shows: its epoch and version

function receive(snapshot) {
  const { epoch, version } = snapshot;
  if (run && run.epoch !== epoch) {
    const news = run.version === version ? ""
      : ` as version ${clean(version)}; reload the page to match it`;
    view.restarted(`The scheduler restarted at ${clock(new Date())}${news}.`);
  }
  run = { epoch, version };
  view.show(snapshot);
}

const view = new View({ onRetry: () => live.open() });
const live = new Live("api/v1/events", {
  onSnapshot: receive,
  onState: (state) => view.state(state),
});
live.start();
