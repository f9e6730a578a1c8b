// The voice: plays what is queued of the sound last begun, and says how far it has got.

const REPORT_S = 0.05;

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.play(0);
    this.port.onmessage = ({ data }) => {
      if (data.kind === "play") this.play(data.soundId);
      else if (data.kind === "silence") this.drop();
      else if (data.soundId === this.soundId) this.queue.push(data.samples);
    };
  }

  play(soundId) {
    this.soundId = soundId;
    this.played = 0;
    this.reported = 0;
    this.peak = 0;
    this.drop();
  }

  drop() {
    this.queue = [];
    this.offset = 0;
  }

  process(_inputs, [[output]]) {
    if (!this.queue.length) return true;
    const first = this.played === 0;
    let filled = 0;
    while (filled < output.length && this.queue.length) filled += this.fill(output, filled);
    this.played += filled;
    const due = this.played - this.reported >= sampleRate * REPORT_S;
    if (first || due || !this.queue.length) this.report();
    return true;
  }

  /** Copies what fits of the oldest piece; gives how much that was. */
  fill(output, from) {
    const piece = this.queue[0];
    const count = Math.min(output.length - from, piece.length - this.offset);
    for (let i = 0; i < count; i++) {
      const value = piece[this.offset + i] / 32768;
      output[from + i] = value;
      this.peak = Math.max(this.peak, Math.abs(value));
    }
    this.offset += count;
    if (this.offset === piece.length) {
      this.queue.shift();
      this.offset = 0;
    }
    return count;
  }

  report() {
    this.port.postMessage({ soundId: this.soundId, samples: this.played, peak: this.peak });
    this.reported = this.played;
    this.peak = 0;
  }
}

registerProcessor("playback", Playback);
