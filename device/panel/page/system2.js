// System 2: whether it can be reached, how fast it is, what it was sent, and when it is asked.

import { quantity, sentTo } from "/departures.js";
import { byId, say } from "/page.js";

export class System2 {
  /** `choose(setting, value)` is called when the person has chosen. */
  constructor(choose) {
    this.departures = [];
    this.standing = null;
    for (const radio of this.uses) radio.addEventListener("change", () => choose("system2.use", radio.value));
  }

  get uses() {
    return document.querySelectorAll('input[name="use"]');
  }

  /** `system2` as the device told it, or null where there is none. */
  stands(system2) {
    this.standing = system2;
    byId("system2-none").hidden = Boolean(system2);
    byId("system2-there").hidden = !system2;
    say("system2-state", system2 ? stateOf(system2) : "There is none.");
    if (!system2) return;
    say("system2-where", `${system2.host}, port ${system2.port}`);
    say("system2-trip", tripOf(system2));
    say("system2-first", system2.first_words_s === null ? "not asked yet" : `${system2.first_words_s.toFixed(1)} s`);
    say("system2-sound", soundOf(system2));
    for (const radio of this.uses) radio.checked = radio.value === system2.use;
    this.showSent();
  }

  left(departures) {
    this.departures = departures;
    this.showSent();
  }

  showSent() {
    if (this.standing) say("system2-sent", sentOf(this.standing, this.departures));
  }
}

function stateOf({ up, why, use }) {
  const reached = up ? "Connected." : why ? `Not connected. ${why}` : "Connecting …";
  return use === "never" ? `${reached} Nothing is asked of it.` : reached;
}

function tripOf({ up, round_trip_ms }) {
  if (!up || round_trip_ms === null) return "not measured yet";
  return round_trip_ms < 10 ? "less than 10 ms" : `${round_trip_ms} ms`;
}

function soundOf({ sound_agreed, hears, up }) {
  if (!sound_agreed) return "never: nobody has agreed to that";
  if (up && !hears) return "agreed to, but this one takes none";
  return "may be sent: somebody has agreed to that";
}

function sentOf({ host, port, local }, departures) {
  if (local) return "it runs on this device; what it passes on is not counted here";
  return sentTo(host, port, departures).map(quantity).join(", ") || "nothing yet";
}
