// How long each stage of a turn took, from the end of the utterance to the first sound: bars and a table.

import { course } from "/minds.js";
import { make } from "/page.js";

// Each part ends with one of the record's moments, which record.py explains.
const PARTS = [
  ["hearing", "hearing the end", "captured"],
  ["understanding", "understanding the words", "transcript"],
  ["deciding", "deciding who answers", "routed"],
  ["wording", "finding the first words", "first_clause"],
  ["voice", "making the voice", "first_sound"],
  ["sounding", "until it sounded", "first_audio"],
];

/** The parts that there were, in milliseconds; moments that were missed are part of the next one. */
export function partsOf(stages) {
  const parts = [];
  let reached = 0;
  for (const [kind, words, moment] of PARTS) {
    if (!(moment in stages)) continue;
    const at = Math.max(reached, stages[moment]);
    parts.push({ kind, words, ms: at - reached });
    reached = at;
  }
  return parts;
}

/** When the first sound came, or that none did, in words. */
export function summaryOf(record) {
  const after = record.stages_ms.first_audio;
  const sound = after === undefined ? "No sound" : `First sound after ${seconds(after)}`;
  return record.cut_off ? `${sound}, interrupted` : sound;
}

export function chart(record) {
  const parts = partsOf(record.stages_ms);
  const figure = make("figure", "chart");
  if (parts.length) figure.append(bar(parts, summaryOf(record)));
  figure.append(details(record, parts));
  return figure;
}

function bar(parts, summary) {
  const element = make("div", "bar");
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", `${summary}: ${parts.map((p) => `${p.words} ${Math.round(p.ms)} ms`).join(", ")}`);
  for (const { kind, ms } of parts) {
    const part = make("span", kind);
    part.style.flexGrow = ms;
    element.append(part);
  }
  return element;
}

function details(record, parts) {
  const element = make("details", "timing");
  element.append(make("summary", "", summaryOf(record)), table(parts));
  const minds = course(record);
  if (minds.length > 1) element.append(whoAnswered(minds));
  const engines = Object.entries(record.engines).map(([stage, engine]) => `${stage} ${engine}`);
  if (engines.length) element.append(make("p", "engines", engines.join(" · ")));
  return element;
}

/** Whoever was asked, in order: the last one answered. */
function whoAnswered(minds) {
  const list = make("ol", "course");
  list.setAttribute("aria-label", "Who was asked, in order");
  list.append(...minds.map((mind) => make("li", "", mind)));
  return list;
}

function table(parts) {
  const element = make("table");
  for (const { kind, words, ms } of parts) {
    const row = element.insertRow();
    const head = make("th", "", words);
    head.scope = "row";
    const key = make("span", `key ${kind}`);
    head.prepend(key);
    row.append(head, make("td", "", `${Math.round(ms)} ms`));
  }
  return element;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}
