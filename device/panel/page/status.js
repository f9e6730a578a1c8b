// What the device is doing and what is so: the light, the faults, the switch for the microphone.

import { byId, make, say } from "/page.js";

const STATES = {
  starting: "Starting",
  idle: "Ready",
  listening: "I am listening",
  thinking: "I am thinking",
  speaking: "I am speaking",
  offline: "Ready, without the cloud",
  muted: "The microphone is off",
  setup: "Being set up",
  updating: "Updating, one moment",
  fault: "Something is wrong",
};

const HOW = {
  hold: "Hold the button, say something, and let go.",
  toggle: "Press the button and say something.",
};

export class Status {
  constructor() {
    this.mode = "hold";
    this.muted = null; // not told yet
    this.looks = {};
  }

  get listening() {
    return document.body.dataset.light === "listening";
  }

  light(state, leaving, mood) {
    document.body.dataset.light = state;
    document.body.dataset.mood = mood;
    byId("leaving").hidden = !leaving;
    say("state-words", STATES[state]);
    this.lamp(this.looks[state]);
    this.talkWords();
  }

  /** The lamp of the drawn robot looks as the device's own light does. */
  lamp(look = "#66757c steady") {
    const [colour, pattern] = look.split(" ");
    document.body.style.setProperty("--lamp", colour);
    document.body.dataset.pattern = pattern;
  }

  standing({ muted, mode, faults, online, system2 }) {
    this.mode = mode;
    this.muted = muted;
    byId("mute").setAttribute("aria-pressed", String(muted));
    byId("faults").replaceChildren(...faults.map((fault) => make("li", "", fault)));
    byId("faults").hidden = !faults.length;
    say("how", HOW[mode]);
    say("why-offline", online ? "" : (system2?.why ?? ""));
    this.talkWords();
  }

  talkWords() {
    byId("talk").setAttribute("aria-pressed", String(this.listening));
    const begin = this.mode === "hold" ? "Hold to talk" : "Press to talk";
    const end = this.mode === "hold" ? "Let go to send" : "Press to send";
    say("talk-words", this.listening ? end : begin);
  }

  connected() {
    document.body.dataset.connected = "yes";
    for (const control of document.querySelectorAll(".needs-device")) control.disabled = false;
    byId("banner").hidden = true;
    this.hint("");
  }

  lost(reason) {
    document.body.dataset.connected = "no";
    for (const control of document.querySelectorAll(".needs-device")) control.disabled = true;
    byId("banner").hidden = false;
    byId("leaving").hidden = true;
    this.hint("");
    say("banner", `Not connected to the device. ${reason || "Is it running?"} Trying again…`);
    say("state-words", "Not connected");
    say("why-offline", "");
    document.body.dataset.light = "starting";
  }

  hint(sentence) {
    say("hint", sentence);
  }

  floor(yours) {
    this.hint(yours ? "" : "Another window is talking with the robot. Press or type here to talk from this one.");
  }
}
