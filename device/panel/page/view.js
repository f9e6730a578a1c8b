// What a person sees and a screen reader says.

const STATES = {
  starting: "Starting",
  idle: "Ready",
  listening: "I am listening",
  thinking: "I am thinking",
  speaking: "I am speaking",
  offline: "Ready, without the internet",
  muted: "The microphone is off",
  setup: "Being set up",
  updating: "Updating, one moment",
  fault: "Something is wrong",
};

const MINDS = {
  skill: "a skill on board",
  cache: "from memory",
  system_1: "the mind on board",
  system_2: "the mind in the cloud",
  stock: "a set phrase",
};

const STAGES = { transcript: "understood", routed: "decided", first_sound: "voice ready", first_audio: "first sound" };

const HOW = {
  hold: "Hold the button, say something, and let go.",
  toggle: "Press the button and say something.",
};

const MOST_TURNS = 30;

const byId = (id) => document.getElementById(id);

export class View {
  constructor() {
    this.turns = new Map();
    this.mode = "hold";
  }

  // --- the device's state ---

  light(state, leaving, mood) {
    document.body.dataset.light = state;
    document.body.dataset.mood = mood;
    byId("leaving").hidden = !leaving;
    this.words("state-words", STATES[state]);
    this.talkWords();
  }

  talkMode(mode) {
    this.mode = mode;
    this.words("how", HOW[mode]);
    this.talkWords();
  }

  talkWords() {
    const listening = document.body.dataset.light === "listening";
    byId("talk").setAttribute("aria-pressed", String(listening));
    const begin = this.mode === "hold" ? "Hold to talk" : "Press to talk";
    const end = this.mode === "hold" ? "Let go to send" : "Press to send";
    this.words("talk-words", listening ? end : begin);
  }

  connected(yes, reason = "") {
    document.body.dataset.connected = yes ? "yes" : "no";
    for (const id of ["talk", "stop", "text", "send"]) byId(id).disabled = !yes;
    byId("banner").hidden = yes;
    this.hint("");
    if (yes) return;
    this.words("banner", `Not connected to the device. ${reason || "Is it running?"} Trying again…`);
    this.scroll();
    this.words("state-words", "Not connected");
    document.body.dataset.light = "starting";
  }

  hint(sentence) {
    this.words("hint", sentence);
  }

  floor(yours) {
    this.hint(yours ? "" : "Another window is talking with the robot. Press or type here to talk from this one.");
  }

  // --- the conversation ---

  heard(turnId, text, final) {
    const live = byId("live");
    live.hidden = final || !text;
    live.textContent = text;
    if (final && text) this.turn(turnId).append(bubble("person", text));
    this.scroll();
  }

  answering(turnId, text, mind, reason) {
    const turn = this.turn(turnId);
    let answer = turn.querySelector(".device");
    if (!answer) {
      answer = bubble("device", "");
      turn.append(answer, line("why", `${MINDS[mind] ?? mind}: ${reason}`));
    }
    const clause = document.createElement("span");
    clause.textContent = `${text.trim()} `;
    answer.append(clause);
    this.scroll();
  }

  ended(record) {
    byId("live").hidden = true;
    const turn = this.turns.get(record.turn_id);
    if (!turn) return;
    const times = Object.entries(STAGES)
      .filter(([stage]) => record.stages_ms[stage] >= 1)
      .map(([stage, words]) => `${words} ${Math.round(record.stages_ms[stage])} ms`);
    const engines = Object.values(record.engines).join(" · ");
    const cut = record.cut_off ? ["interrupted"] : [];
    turn.append(line("figures", [...times, ...cut, engines].filter(Boolean).join(" · ")));
    this.scroll();
  }

  /** The element of a turn; the oldest turns go as new ones come. */
  turn(turnId) {
    byId("invitation")?.remove();
    if (!this.turns.has(turnId)) {
      const element = document.createElement("article");
      element.className = "turn";
      byId("log").append(element);
      this.turns.set(turnId, element);
      for (const [oldest, old] of this.turns) {
        if (this.turns.size <= MOST_TURNS) break;
        old.remove();
        this.turns.delete(oldest);
      }
    }
    return this.turns.get(turnId);
  }

  /** A device that was started anew counts its turns from one again. */
  forgetTurnNumbers() {
    this.turns.clear();
  }

  scroll() {
    const log = byId("log").parentElement;
    log.scrollTop = log.scrollHeight;
  }

  /** Unchanged words are not said again; the invitation is gone once somebody has spoken. */
  words(id, text) {
    const element = byId(id);
    if (element && element.textContent !== text) element.textContent = text;
  }
}

function bubble(who, text) {
  const element = line(`bubble ${who}`, "");
  const speaker = document.createElement("span");
  speaker.className = "unseen";
  speaker.textContent = who === "person" ? "You: " : "The robot: ";
  element.append(speaker, text);
  return element;
}

function line(kind, text) {
  const element = document.createElement("p");
  element.className = kind;
  element.textContent = text;
  return element;
}
