// The page: joins the button, the sound, the connection and what is seen.

import { Sound, microphoneAllowed, microphoneTrouble } from "/audio.js";
import { TalkButton } from "/button.js";
import { DrawnRobot } from "/robot.js";
import { Connection } from "/socket.js";
import { Takes } from "/takes.js";
import { View } from "/view.js";

const view = new View();
const robot = new DrawnRobot(document.getElementById("robot"));
const sound = new Sound({ batch: (takeId, samples) => connection.sendSound(takeId, samples), reached });
let settings = { mode: "hold", pre_roll_ms: 300, post_roll_ms: 200 };
let listening = false;
let pressed = false;

await sound.load();
const connection = new Connection(sound.rateHz, { opened, closed, message, sound: playSound });
const takes = new Takes(sound);
const button = new TalkButton(document.getElementById("talk"), { down, up });

// --- what the person does ---

document.addEventListener("pointerdown", () => sound.wake(), { capture: true });

async function down() {
  sound.wake();
  if (!(await microphoneReady())) return;
  if (settings.mode === "hold" && !button.held) {
    view.hint("The microphone is ready: hold the button and speak.");
    return;
  }
  view.hint("");
  connection.send({ type: "press" });
  pressed = settings.mode === "hold";
  if (settings.mode === "hold" || !listening) takes.begin();
}

function up() {
  if (!pressed) return;
  pressed = false;
  connection.send({ type: "release" });
  takes.endAfter(settings.post_roll_ms);
}

async function microphoneReady() {
  if (sound.hasMicrophone) return true;
  try {
    await sound.openMicrophone(settings.pre_roll_ms);
    return true;
  } catch (error) {
    view.hint(microphoneTrouble(error));
    return false;
  }
}

document.getElementById("stop").addEventListener("click", () => {
  sound.silence();
  connection.send({ type: "stop" });
});

document.getElementById("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = document.getElementById("text");
  const text = field.value.trim();
  if (!text) return;
  sound.wake();
  view.hint("");
  connection.send({ type: "ask", text });
  field.value = "";
});

// --- what the device says ---

function opened() {
  view.connected(true);
  view.forgetTurnNumbers();
}

function closed(reason) {
  pressed = false;
  listening = false;
  takes.end();
  sound.silence();
  view.connected(false, reason);
}

function message(received) {
  switch (received.type) {
    case "welcome":
      settings = received;
      view.talkMode(received.mode);
      listenAheadIfAllowed();
      break;
    case "light":
      if (listening && received.state !== "listening") takes.endAfter(settings.post_roll_ms);
      listening = received.state === "listening";
      view.light(received.state, received.leaving, received.mood);
      break;
    case "floor":
      view.floor(received.yours);
      break;
    case "heard":
      view.heard(received.turn_id, received.text, received.final);
      break;
    case "answering":
      view.answering(received.turn_id, received.text, received.mind, received.reason);
      break;
    case "moved":
      robot.perform(received.gesture);
      break;
    case "refused":
      if (!listening) takes.end();
      view.hint(received.why);
      break;
    case "turn":
      view.ended(received.record);
      break;
    case "play":
      sound.play(received.sound_id);
      if (sound.asleep) view.hint("The answer cannot sound yet: click anywhere on this page.");
      break;
    case "silence":
      sound.silence();
      robot.speak(0);
      break;
  }
}

function playSound(soundId, pcm) {
  sound.sound(soundId, pcm);
}

function reached(soundId, samples, peak) {
  connection.send({ type: "played", sound_id: soundId, samples });
  document.body.dataset.peak = peak.toFixed(3);
  robot.speak(peak);
}

/** Where the person has agreed before, the microphone is ready before the first press. */
async function listenAheadIfAllowed() {
  if (await microphoneAllowed()) await microphoneReady();
}
