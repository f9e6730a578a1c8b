// The connection to the device: messages.py describes what goes through it. Reconnects by itself.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const TAG_BYTES = 4;
const WRONG_TOKEN = 4401;
const TOO_MANY_TRIES = 4429;

export class Connection {
  /** `listener` has closed(reason), refused(reason) for a token that does not fit, message(object) and
   *  sound(soundId, Int16Array). Nothing is opened before open(token). */
  constructor(listener) {
    this.listener = listener;
    this.socket = null;
    this.token = "";
    this.waitMs = FIRST_WAIT_MS;
    this.timer = 0;
  }

  open(token) {
    this.token = token;
    clearTimeout(this.timer);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/talk`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.send({ type: "hello", token });
    socket.onmessage = (event) => this.received(event.data);
    socket.onclose = (event) => socket === this.socket && this.lost(event.code, event.reason);
    const before = this.socket;
    this.socket = socket;
    before?.close();
  }

  send(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** A batch of a take; an empty one ends it. */
  sendSound(takeId, samples) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const frame = new Uint8Array(TAG_BYTES + samples.byteLength);
    new DataView(frame.buffer).setUint32(0, takeId, true);
    frame.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), TAG_BYTES);
    this.socket.send(frame);
  }

  received(data) {
    if (data instanceof ArrayBuffer) {
      const soundId = new DataView(data).getUint32(0, true);
      this.listener.sound(soundId, new Int16Array(data, TAG_BYTES));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "welcome") this.waitMs = FIRST_WAIT_MS;
    this.listener.message(message);
  }

  /** Tries again, later and later, and never in step with other pages; but never with a wrong token. */
  lost(code, reason) {
    this.listener.closed(reason);
    if (code === WRONG_TOKEN || code === TOO_MANY_TRIES) {
      this.listener.refused(reason);
      return;
    }
    this.timer = setTimeout(() => this.open(this.token), this.waitMs * (0.75 + Math.random() / 2));
    this.waitMs = Math.min(2 * this.waitMs, LONGEST_WAIT_MS);
  }
}
