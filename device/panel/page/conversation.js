// What was said, by whom, why that mind answered, and how fast.

import { chart } from "/chart.js";
import { course, inWords } from "/minds.js";
import { byId, make } from "/page.js";

const MOST_TURNS = 30;

export class Conversation {
  constructor() {
    this.turns = new Map();
  }

  /** What was said before this page was opened; a page that has seen it all by itself needs none. */
  history(lines) {
    this.turns.clear(); // a device that was started anew counts its turns from one again
    if (!lines.length || byId("log").querySelector(".turn")) return;
    byId("invitation")?.remove();
    byId("earlier").hidden = false;
    byId("earlier-lines").replaceChildren(...lines.map((line) => bubble(line.who, line.text)));
    this.scroll();
  }

  /** Nothing that was said is shown any more; what the device still has follows as history. */
  forget() {
    this.turns.clear();
    for (const turn of byId("log").querySelectorAll(".turn")) turn.remove();
    byId("earlier").hidden = true;
    byId("earlier-lines").replaceChildren();
    byId("live").hidden = true;
    byId("live").textContent = "";
  }

  heard(turnId, text, final) {
    const live = byId("live");
    live.hidden = final || !text;
    live.textContent = text;
    if (final && text) this.turn(turnId).append(bubble("person", text));
    this.scroll();
  }

  /** `route`: who answers and why; where that changes within the turn, each is told in a line of its own. */
  answering(turnId, text, route) {
    const turn = this.turn(turnId);
    let answer = turn.querySelector(".device");
    if (!answer) turn.append((answer = bubble("device", "")));
    answer.append(make("span", "", `${text.trim()} `));
    const told = [...turn.querySelectorAll(".why")].map((line) => line.dataset.why);
    const why = inWords(route);
    if (told.at(-1) !== why) explain(turn, [...told, why]);
    this.scroll();
  }

  ended(record) {
    byId("live").hidden = true;
    const turn = this.turns.get(record.turn_id);
    if (turn?.querySelector(".why")) explain(turn, course(record));
    turn?.append(chart(record));
    this.scroll();
  }

  /** The element of a turn; the oldest turns go as new ones come. */
  turn(turnId) {
    byId("invitation")?.remove();
    if (!this.turns.has(turnId)) {
      const element = make("article", "turn");
      byId("log").append(element);
      this.turns.set(turnId, element);
      const shown = byId("log").querySelectorAll(".turn");
      if (shown.length > MOST_TURNS) shown[0].remove();
      if (this.turns.size > MOST_TURNS) this.turns.delete(this.turns.keys().next().value);
    }
    return this.turns.get(turnId);
  }

  scroll() {
    const log = byId("log").parentElement;
    log.scrollTop = log.scrollHeight;
  }
}

/** Who was asked and who answered, in order, below the answer. */
function explain(turn, reasons) {
  for (const line of turn.querySelectorAll(".why")) line.remove();
  for (const [at, why] of reasons.entries()) {
    const line = make("p", "why", at ? `then ${why}` : why);
    line.dataset.why = why;
    turn.append(line);
  }
}

function bubble(who, text) {
  const element = make("p", `bubble ${who}`);
  element.append(make("span", "unseen", who === "person" ? "You: " : "The robot: "), text);
  return element;
}
