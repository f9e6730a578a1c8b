// The talk button: held by mouse, touch, pen or keyboard, or clicked by a helping technology.

export class TalkButton {
  /** `listener` has down() and up(). Losing sight of the page lets go. */
  constructor(element, listener) {
    this.element = element;
    this.listener = listener;
    this.held = false;
    this.holds = true; // what the device is talked to by: holding, or pressing once
    this.watchPointer();
    this.watchKeys();
    window.addEventListener("blur", () => this.up());
    document.addEventListener("visibilitychange", () => document.hidden && this.up());
  }

  down() {
    if (this.held || this.element.disabled) return;
    this.held = true;
    this.element.classList.add("held");
    this.listener.down();
  }

  up() {
    if (!this.held) return;
    this.held = false;
    this.element.classList.remove("held");
    this.listener.up();
  }

  watchPointer() {
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      this.element.setPointerCapture(event.pointerId);
      this.down();
    });
    for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
      this.element.addEventListener(kind, () => this.up());
    }
    this.element.addEventListener("contextmenu", (event) => event.preventDefault());
    // A click without a pointer or a key is a screen reader's or a switch's: one holds, the next lets go.
    this.element.addEventListener("click", (event) => {
      if (event.detail !== 0 || event.pointerType) return;
      if (this.held) {
        this.up();
        return;
      }
      this.down();
      if (!this.holds) this.up();
    });
  }

  watchKeys() {
    document.addEventListener("keydown", (event) => {
      if (!this.meant(event)) return;
      event.preventDefault();
      if (!event.repeat) this.down();
    });
    document.addEventListener("keyup", (event) => {
      if (!this.meant(event)) return;
      event.preventDefault();
      this.up();
    });
  }

  /** The space bar anywhere but where it means something else; Enter on the button itself. */
  meant(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.target === this.element) return event.code === "Space" || event.code === "Enter";
    return event.code === "Space" && !event.target.closest("input, textarea, select, button, a, summary");
  }
}
