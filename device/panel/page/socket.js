// The connection to the device: messages.py describes what goes through it. Reconnects by itself.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
const TAG_BYTES = 4;

export class Connection {
  /** `listener` has opened(), closed(reason), message(object) and sound(soundId, Int16Array). */
  constructor(rateHz, listener) {
    this.rateHz = rateHz;
    this.listener = listener;
    this.waitMs = FIRST_WAIT_MS;
    this.open();
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** A batch of a take; an empty one ends it. */
  sendSound(takeId, samples) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const frame = new Uint8Array(TAG_BYTES + samples.byteLength);
    new DataView(frame.buffer).setUint32(0, takeId, true);
    frame.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), TAG_BYTES);
    this.socket.send(frame);
  }

  open() {
    this.socket = new WebSocket(`ws://${location.host}/talk`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.send({ type: "hello", rate_hz: this.rateHz });
    this.socket.onmessage = (event) => this.received(event.data);
    this.socket.onclose = (event) => this.lost(event.reason);
  }

  received(data) {
    if (data instanceof ArrayBuffer) {
      const soundId = new DataView(data).getUint32(0, true);
      this.listener.sound(soundId, new Int16Array(data, TAG_BYTES));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "welcome") {
      this.waitMs = FIRST_WAIT_MS;
      this.listener.opened();
    }
    this.listener.message(message);
  }

  /** Tries again, later and later, and never in step with other pages. */
  lost(reason) {
    this.listener.closed(reason);
    setTimeout(() => this.open(), this.waitMs * (0.75 + Math.random() / 2));
    this.waitMs = Math.min(2 * this.waitMs, LONGEST_WAIT_MS);
  }
}
