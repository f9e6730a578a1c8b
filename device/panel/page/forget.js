// Forgetting what was said: asked for twice, told once it is done.

import { byId, make, say } from "/page.js";

const FIVE_MINUTES_S = 300;
const MOST_SHOWN = 50;
const WISHES = {
  "forget-last": {
    last_s: FIVE_MINUTES_S,
    question: "Erase what was said in the last 5 minutes? Alarms and reminders stay.",
  },
  "forget-all": { last_s: null, question: "Erase everything that was ever said, and all alarms and reminders?" },
};

export class Forgetting {
  /** `forget(lastS)` is called when the person is sure; null means everything. */
  constructor(forget) {
    this.forget = forget;
    this.wish = null;
    for (const id of Object.keys(WISHES)) byId(id).addEventListener("click", () => this.ask(id));
    byId("forget-yes").addEventListener("click", () => this.answer(true));
    byId("forget-no").addEventListener("click", () => this.answer(false));
  }

  ask(id) {
    this.wish = id;
    say("forget-question", WISHES[id].question);
    say("forget-told", "");
    byId("forget-sure").hidden = false;
    byId("forget-no").focus();
  }

  answer(sure) {
    byId("forget-sure").hidden = true;
    byId(this.wish).focus();
    if (!sure) return;
    say("forget-told", "Erasing …");
    this.forget(WISHES[this.wish].last_s);
  }

  /** What was erased, by whatever way it was asked for. */
  told({ done, parts, sent, asked_back }) {
    const telling = parts.filter(({ removed, failed }) => removed || failed);
    say("forget-told", done ? forgotten(telling.length) : "Not all of it is forgotten yet; the device tries again.");
    byId("forget-parts").replaceChildren(...telling.map((part) => make("li", "", ofPart(part))));
    byId("forget-left").hidden = !sent.length;
    say("forget-left", sentence(asked_back));
    const shown = sent.slice(-MOST_SHOWN).map((one) => make("li", "", ofSent(one)));
    const more = sent.length - shown.length;
    if (more) shown.push(make("li", "", `and ${more} more before these`));
    byId("forget-sent").replaceChildren(...shown);
  }
}

const forgotten = (parts) => (parts ? "It is forgotten." : "There was nothing to forget.");

const ofPart = ({ part, removed, failed }) => `${part}: ${failed || `${removed} erased`}`;

const ofSent = ({ kind, peer, sent_utc }) => `${kind}, ${new Date(sent_utc).toLocaleString()}, to ${peer}`;

function sentence(askedBack) {
  return askedBack
    ? "This had been sent before; the receiver is asked to forget it, too:"
    : "This had been sent before, and cannot be taken back:";
}
