// The device's token: out of the address or typed once, kept in this browser, shown at every hello.

const KEPT_AS = "twominds-token";

export class Door {
  /** `opened` is called when there is a token to try. */
  constructor(opened) {
    this.opened = opened;
    this.section = document.getElementById("door");
    this.field = document.getElementById("token");
    this.fromAddress();
    window.addEventListener("hashchange", () => this.fromAddress() && this.enter());
    document.getElementById("door-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.field.value.trim()) return this.field.focus();
      this.token = this.field.value.trim();
      this.enter();
    });
  }

  get token() {
    return localStorage.getItem(KEPT_AS) ?? "";
  }

  set token(token) {
    localStorage.setItem(KEPT_AS, token);
  }

  /** A token in the address is taken out of it at once: addresses are copied, and stay in histories. */
  fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1)).get("token");
    if (!given) return false;
    this.token = given;
    history.replaceState(null, "", location.pathname);
    return true;
  }

  enter() {
    this.section.hidden = true;
    document.body.dataset.door = "open";
    this.opened();
  }

  /** Somebody has to say it, again or for the first time. */
  ask(why) {
    document.body.dataset.door = "shut";
    this.section.hidden = false;
    document.getElementById("door-why").textContent = why;
    this.field.value = "";
    this.field.focus();
  }
}
