// What clusters are called in charts, and their colours: several may have one name and client.

import { clean } from "../parts/format.js";
import { TONES, clusterColour } from "./colours.js";

const PART = 4; // characters of an id

/** For each of `clusters`, {id, label}, what is shown: {label, colour}. Namesakes have a part of their ids. */
export function tellApart(clusters) {
  const tally = new Map();
  for (const { label } of clusters) tally.set(label, (tally.get(label) ?? 0) + 1);
  const keys = clusters.map(({ id, label }) => (tally.get(label) > 1 && id ? `${label} ${id}` : label));
  const colours = distinct([...keys].sort());
  return clusters.map(({ id, label }, index) => {
    const part = keys[index] === label ? "" : ` · ${clean(id).slice(0, PART)}`;
    return { label: `${clean(label)}${part}`, colour: colours.get(keys[index]) };
  });
}

/** A colour for each key, another one for each as long as there are any. */
function distinct(keys) {
  const colours = new Map();
  const taken = new Set();
  for (const key of keys) {
    let colour = clusterColour(key);
    for (let turn = 1; taken.has(colour) && taken.size < TONES; turn += 1) colour = clusterColour(`${key} ${turn}`);
    taken.add(colour);
    colours.set(key, colour);
  }
  return colours;
}
