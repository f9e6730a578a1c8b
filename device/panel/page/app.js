// The page: joins the person's hands, the sound, the connection and what is seen.

import { About } from "/about.js";
import { Sound, microphoneAllowed, microphoneTrouble } from "/audio.js";
import { TalkButton } from "/button.js";
import { Conversation } from "/conversation.js";
import { showDepartures } from "/departures.js";
import { Door } from "/door.js";
import { Meter } from "/meter.js";
import { Forgetting } from "/forget.js";
import { byId } from "/page.js";
import { DrawnRobot } from "/robot.js";
import { Settings } from "/settings.js";
import { Connection } from "/socket.js";
import { Status } from "/status.js";
import { System2 } from "/system2.js";
import { Takes } from "/takes.js";
import { addTurn, showTurns } from "/turns.js";

const status = new Status();
const conversation = new Conversation();
const meter = new Meter(byId("meter"));
const robot = new DrawnRobot(byId("robot"));
const choose = (setting, value) => connection.send({ type: "choose", setting, value });
const settings = new Settings(choose);
const system2 = new System2(choose);
const forgetting = new Forgetting((last_s) => connection.send({ type: "forget", last_s }));
const sound = new Sound({ batch: (takeId, samples) => connection.sendSound(takeId, samples), reached });
const takes = new Takes(sound);
const connection = new Connection({ closed, refused, message, sound: playSound });
const door = new Door(() => connection.open(door.token));
const about = new About(door);
const button = new TalkButton(byId("talk"), { down, up });
let welcome = { microphone: "page", speaker: "page", pre_roll_ms: 300, post_roll_ms: 200 };
let pressed = false;

if (door.token) door.enter();
else door.ask("");

// --- what the person does ---

document.addEventListener("pointerdown", () => sound.wake(), { capture: true });

async function down() {
  sound.wake();
  if (welcome.microphone === "page" && !status.muted && !(await microphoneReady())) return;
  if (status.mode === "hold" && !button.held) {
    status.hint("The microphone is ready: hold the button and speak.");
    return;
  }
  status.hint("");
  const begins = status.mode === "hold" || !status.listening;
  connection.send({ type: "press" });
  pressed = true;
  if (begins) takes.begin();
  if (!button.held) up();
}

function up() {
  if (!pressed) return;
  pressed = false;
  connection.send({ type: "release" });
  if (status.mode === "hold") takes.endAfter(welcome.post_roll_ms);
}

async function microphoneReady() {
  if (sound.hasMicrophone) return true;
  try {
    await sound.openMicrophone(welcome.pre_roll_ms);
    if (status.muted) sound.closeMicrophone();
    return true;
  } catch (error) {
    status.hint(microphoneTrouble(error));
    return false;
  }
}

/** Muted, the browser's microphone is closed, not only unheard. Otherwise it is open from the start if it may be. */
async function openOrClose() {
  if (status.muted) sound.closeMicrophone();
  else if (welcome.microphone === "page" && (await microphoneAllowed())) await microphoneReady();
}

function stop() {
  sound.silence();
  connection.send({ type: "stop" });
}

byId("stop").addEventListener("click", stop);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
});

byId("mute").addEventListener("click", () => {
  connection.send({ type: "mute", muted: byId("mute").getAttribute("aria-pressed") !== "true" });
});

byId("repeat").addEventListener("click", () => {
  sound.wake();
  connection.send({ type: "repeat" });
});

byId("more").addEventListener("click", () => {
  const open = byId("details").hidden;
  byId("details").hidden = !open;
  byId("more").setAttribute("aria-expanded", String(open));
  document.body.dataset.details = open ? "open" : "shut";
  conversation.scroll();
});

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const field = byId("text");
  const text = field.value.trim();
  if (!text) return;
  sound.wake();
  status.hint("");
  connection.send({ type: "ask", text });
  field.value = "";
});

// --- what the device says ---

/** The page's own microphone or speaker serves; otherwise every window is as near to the robot as any other. */
const pageSounds = () => welcome.microphone === "page" || welcome.speaker === "page";

const told = {
  welcome: greeted,
  light(light) {
    if (status.listening && light.state !== "listening") {
      takes.endAfter(welcome.post_roll_ms);
      meter.rest();
    }
    status.light(light.state, light.leaving, light.mood);
  },
  standing(standing) {
    const before = status.muted;
    status.standing(standing);
    if (status.muted !== before) openOrClose();
    button.holds = standing.mode === "hold";
    settings.standing(standing);
    system2.stands(standing.system2);
  },
  offers: ({ offers }) => settings.offers(offers),
  history({ lines, turns }) {
    conversation.history(lines);
    showTurns(turns);
  },
  left({ departures }) {
    showDepartures(departures);
    system2.left(departures);
  },
  reach: (reach) => about.reach(reach),
  loudness: ({ peak_dbfs, rms_dbfs }) => meter.show(peak_dbfs, rms_dbfs),
  floor: ({ yours }) => status.floor(yours || !pageSounds()),
  heard: ({ turn_id, text, final }) => conversation.heard(turn_id, text, final),
  answering: ({ turn_id, text, ...route }) => conversation.answering(turn_id, text, route),
  moved: ({ gesture }) => robot.perform(gesture),
  refused({ why }) {
    if (!status.listening) takes.end();
    status.hint(why);
  },
  turn({ record }) {
    conversation.ended(record);
    addTurn(record);
  },
  forgotten(report) {
    conversation.forget();
    forgetting.told(report);
  },
  play({ sound_id }) {
    sound.play(sound_id);
    if (sound.asleep) status.hint("The answer cannot sound yet: click anywhere on this page.");
  },
  silence() {
    sound.silence();
    robot.speak(0);
  },
};

function message(received) {
  told[received.type]?.(received);
}

/** The browser's sound is opened only where the device has none of its own. */
async function greeted(received) {
  welcome = received;
  status.looks = received.looks;
  status.connected();
  about.welcome(received);
  settings.loudest(received.loudest);
  if (received.microphone === "device" && received.speaker === "device") return;
  await sound.load();
  connection.send({ type: "tuned", rate_hz: sound.rateHz });
}

function closed(reason) {
  pressed = false;
  takes.end();
  sound.silence();
  meter.rest();
  status.lost(reason);
}

function refused(reason) {
  byId("banner").hidden = true;
  door.ask(reason);
}

function playSound(soundId, pcm) {
  sound.sound(soundId, pcm);
}

function reached(soundId, samples, peak) {
  connection.send({ type: "played", sound_id: soundId, samples });
  document.body.dataset.peak = peak.toFixed(3);
  robot.speak(peak);
}
