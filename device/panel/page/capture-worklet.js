// The microphone, in batches of 20 ms. Between takes nothing leaves this place: the last moments are
// kept in a ring here, and a take begins with them.

const BATCH_S = 0.02;

class Capture extends AudioWorkletProcessor {
  constructor(options) {
    super();
    this.batch = new Int16Array(Math.round(sampleRate * BATCH_S));
    this.filled = 0;
    this.ring = [];
    this.ringLength = Math.ceil(options.processorOptions.preRollMs / 1000 / BATCH_S);
    this.takeId = 0; // of the take under way, or 0
    this.open = true; // until the microphone is closed: then this is let go, with what its ring holds
    this.port.onmessage = ({ data }) => this.obey(data);
  }

  obey({ takeId, open = true }) {
    this.open = open;
    if (takeId) this.begin(takeId);
    else if (this.takeId) this.end();
  }

  begin(takeId) {
    this.takeId = takeId;
    const preRoll = new Int16Array(this.ring.length * this.batch.length);
    this.ring.splice(0).forEach((batch, i) => preRoll.set(batch, i * batch.length));
    if (preRoll.length) this.send(preRoll);
  }

  end() {
    this.send(new Int16Array(0));
    this.takeId = 0;
  }

  send(samples) {
    this.port.postMessage({ takeId: this.takeId, samples }, [samples.buffer]);
  }

  process([channels]) {
    if (channels.length) for (const value of channels[0]) this.add(value);
    return this.open;
  }

  add(value) {
    this.batch[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32767)));
    if (this.filled < this.batch.length) return;
    const batch = this.batch.slice();
    this.filled = 0;
    if (this.takeId) {
      this.send(batch);
    } else {
      this.ring.push(batch);
      if (this.ring.length > this.ringLength) this.ring.shift();
    }
  }
}

registerProcessor("capture", Capture);
