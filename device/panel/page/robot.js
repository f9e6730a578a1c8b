// The small robot: makes the gestures that the device's robot is asked for, and moves its mouth.

const GESTURE_MS = 2600;

export class DrawnRobot {
  constructor(element) {
    this.element = element;
    this.timer = 0;
  }

  perform(gesture) {
    clearTimeout(this.timer);
    delete this.element.dataset.gesture;
    this.element.getBoundingClientRect(); // so that the same gesture twice is seen twice
    this.element.dataset.gesture = gesture;
    this.timer = setTimeout(() => delete this.element.dataset.gesture, GESTURE_MS);
  }

  /** `level` of the voice, 0 to 1. */
  speak(level) {
    this.element.style.setProperty("--mouth", Math.min(1, 2 * level).toFixed(2));
  }
}
