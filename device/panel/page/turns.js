// The last turns, newest first: when, who answered, how fast.

import { chart } from "/chart.js";
import { course } from "/minds.js";
import { byId, make, timeOf } from "/page.js";

const MOST = 12;

export function showTurns(records) {
  byId("turns").replaceChildren();
  byId("no-turns").hidden = records.length > 0;
  for (const record of records.slice(-MOST)) addTurn(record);
}

export function addTurn(record) {
  byId("no-turns").hidden = true;
  const element = make("li");
  const who = course(record).join("; then ") || "no answer";
  const trouble = record.error ? `, failed: ${record.error}` : "";
  element.append(make("p", "turn-head", `${timeOf(record.started_utc)} · ${who}${trouble}`), chart(record));
  byId("turns").prepend(element);
  while (byId("turns").children.length > MOST) byId("turns").lastElementChild.remove();
}
