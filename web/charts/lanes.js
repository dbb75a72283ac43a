// Where the bars of a timeline stand: a lane for each CPU, those of a node together.

import { NODE_ORDERS } from "../views/node_columns.js";

const ROOM = 460; // px for all lanes; where they need more, each has the least
const LARGEST = 16; // px of a lane
const SMALLEST = 3;
const SHOWN = 400; // nodes, where there are too many for bars: the busiest

/** Rows of bars, from the API's answer; where there are too many nodes, rows of bins. */
export class Lanes {
  constructor(told) {
    this.told = told;
    this.rows = told.bins ? binned(told) : laned(told);
    this.left = told.nodes.length - new Set(this.rows.map((row) => row.address)).size; // not shown
    this.place();
  }

  /** Gives each row its place: `top` in px. */
  place() {
    const nodes = this.rows.filter((row) => row.lane === 0).length;
    const least = Math.max(1, this.rows.length);
    const size = Math.floor((ROOM - 5 * nodes) / least);
    this.size = Math.min(LARGEST, Math.max(SMALLEST, size));
    const gap = this.told.bins ? 0 : this.size >= 5 ? 5 : 2;
    let top = 0;
    for (const row of this.rows) {
      if (row.lane === 0 && top > 0) top += gap;
      row.top = top;
      top += this.size;
    }
    this.height = Math.max(40, top);
  }

  /** Where the row and the bar are now that had these numbers in `before`; -1: no more. */
  moved(before, { row, bar }) {
    const was = before.rows[row] ?? {};
    const same = (one) => one.address === was.address && one.lane === was.lane;
    const uid = before.told.bars.uid[bar];
    return { row: this.rows.findIndex(same), bar: uid ? this.told.bars.uid.indexOf(uid) : -1 };
  }

  /** The number of the row at `y` px, or -1. */
  rowAt(y) {
    return this.rows.findIndex((row) => y >= row.top && y < row.top + this.size);
  }

  /** The number of the bar of a row that covers `time`, `slack` seconds before or after it; or -1. */
  barAt(row, time, slack, now) {
    const { start, end } = this.told.bars;
    return this.rows[row]?.bars.findLast((bar) => start[bar] - slack <= time && (end[bar] ?? now) + slack >= time) ?? -1;
  }
}

function laned({ nodes, bars }) {
  const rows = [];
  const first = [];
  for (const place of inOrder(nodes)) {
    first[place] = rows.length;
    const { address, lanes } = nodes[place];
    for (let lane = 0; lane < lanes; lane += 1) rows.push({ address, lane, bars: [] });
  }
  // In the order of their starts, as they come.
  bars.uid.forEach((_, bar) => rows[first[bars.node[bar]] + bars.lane[bar]].bars.push(bar));
  return rows;
}

function binned({ nodes, bins }) {
  const rows = nodes.map(({ address, lanes }, index) => {
    const busy = bins.busy[index];
    return { address, lanes, lane: 0, bars: [], busy, sum: busy.reduce((sum, one) => sum + one, 0) };
  });
  rows.sort((a, b) => b.sum - a.sum);
  return rows.slice(0, SHOWN);
}

function inOrder(nodes) {
  const keys = nodes.map(NODE_ORDERS.address);
  return nodes.map((_, place) => place).sort((a, b) => (keys[a] < keys[b] ? -1 : 1));
}
