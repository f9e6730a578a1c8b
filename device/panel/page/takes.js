// Takes: the stretches of microphone sound that are sent. See messages.py.

const LATE_MS = 100; // what is still on its way through the browser when the button goes up

export class Takes {
  constructor(sound) {
    this.sound = sound;
    this.takeId = 0;
    this.open = false;
    this.timer = 0;
  }

  begin() {
    this.end();
    this.takeId += 1;
    this.open = true;
    this.sound.beginTake(this.takeId);
  }

  endAfter(postRollMs) {
    clearTimeout(this.timer);
    if (this.open) this.timer = setTimeout(() => this.end(), postRollMs + LATE_MS);
  }

  end() {
    clearTimeout(this.timer);
    if (!this.open) return;
    this.open = false;
    this.sound.endTake();
  }
}
