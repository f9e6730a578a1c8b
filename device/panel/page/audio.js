// The browser's microphone and speaker, through one AudioContext and two worklets.

// Our own voice is taken out; nothing else is done to the sound. Chromium's noise suppression and gain
// control are made for calls between people: with them, of three spoken commands that were understood
// from the file, none was understood through the page; without them, all three were.
const MICROPHONE = {
  audio: { echoCancellation: true, noiseSuppression: false, autoGainControl: false, channelCount: 1 },
};

export class Sound {
  /** `listener` has batch(takeId, Int16Array), the microphone during a take, its last batch empty; and
   *  reached(soundId, samples, peak): how far the voice has got, and how loud it was since last time. */
  constructor(listener) {
    this.listener = listener;
    this.context = null;
    this.player = null;
    this.capture = null;
    this.stream = null;
    this.opening = null;
  }

  get rateHz() {
    return this.context.sampleRate;
  }

  /** Nothing is opened before this; a second time it does nothing. Throws what the browser throws. */
  load() {
    this.loading ??= this.open();
    return this.loading;
  }

  async open() {
    this.context = new AudioContext({ latencyHint: "interactive" });
    await this.context.audioWorklet.addModule("/playback-worklet.js");
    await this.context.audioWorklet.addModule("/capture-worklet.js");
    this.player = new AudioWorkletNode(this.context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
    this.player.port.onmessage = ({ data }) => this.listener.reached(data.soundId, data.samples, data.peak);
    this.player.connect(this.context.destination);
  }

  /** Browsers start sound only after a person has done something on the page. */
  get asleep() {
    return this.context?.state === "suspended";
  }

  wake() {
    if (this.asleep) this.context.resume();
  }

  // --- the voice ---

  play(soundId) {
    this.player?.port.postMessage({ kind: "play", soundId });
  }

  sound(soundId, pcm) {
    this.player?.port.postMessage({ kind: "sound", soundId, samples: pcm }, [pcm.buffer]);
  }

  silence() {
    this.player?.port.postMessage({ kind: "silence" });
  }

  // --- the microphone ---

  get hasMicrophone() {
    return this.capture !== null;
  }

  /** Asks the person once, however often it is called. Throws what getUserMedia throws. */
  openMicrophone(preRollMs) {
    this.opening ??= this.connectMicrophone(preRollMs).finally(() => (this.opening = null));
    return this.opening;
  }

  async connectMicrophone(preRollMs) {
    if (!navigator.mediaDevices) throw new DOMException("no secure context", "SecurityError");
    const stream = (this.stream = await navigator.mediaDevices.getUserMedia(MICROPHONE));
    this.capture = new AudioWorkletNode(this.context, "capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { preRollMs },
    });
    this.capture.port.onmessage = ({ data }) => this.listener.batch(data.takeId, data.samples);
    this.context.createMediaStreamSource(stream).connect(this.capture);
    stream.getAudioTracks()[0].onended = () => (this.capture = null);
  }

  /** The browser shows it closed, and what was kept of the last moment is gone. */
  closeMicrophone() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.capture?.port.postMessage({ takeId: 0, open: false });
    this.stream = this.capture = null;
  }

  beginTake(takeId) {
    this.capture?.port.postMessage({ takeId });
  }

  endTake() {
    this.capture?.port.postMessage({ takeId: 0 });
  }
}

/** Whether the person has agreed to the microphone on an earlier visit. */
export async function microphoneAllowed() {
  try {
    return (await navigator.permissions.query({ name: "microphone" })).state === "granted";
  } catch {
    return false; // this browser does not tell: it will ask at the first press
  }
}

/** Why there is no microphone and what to do, in a sentence. */
export function microphoneTrouble(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "This page may not use the microphone. Allow it with the icon beside the address, and press again. Typing works without it.";
    case "NotFoundError":
      return "This computer has no microphone. Plug one in, and press again. Typing works without it.";
    case "NotReadableError":
      return "The microphone is in use by another program. Close that program, and press again.";
    case "SecurityError":
      return "Browsers give the microphone only to pages that they call secure: open this one by https, or on the device itself.";
    default:
      return `The microphone could not be opened (${error.name}). Press again, or type.`;
  }
}
