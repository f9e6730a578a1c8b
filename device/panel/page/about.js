// What this device is joined to, and where its page can be opened.

import { byId, make, say } from "/page.js";

const WHERE = { page: "this page's, in the browser", device: "the device's own" };

export class About {
  /** `door` knows the token, which is shown only when somebody asks for it. */
  constructor(door) {
    this.shown = false;
    const button = byId("show-token");
    button.addEventListener("click", () => {
      this.shown = !this.shown;
      say("token-shown", this.shown ? door.token : "");
      button.setAttribute("aria-expanded", String(this.shown));
      button.textContent = this.shown ? "Hide the access code" : "Show the access code";
    });
  }

  welcome({ name, microphone, speaker }) {
    document.title = name === "Robot" ? "twominds" : `${name} · twominds`;
    say("name", name);
    say("whose-microphone", WHERE[microphone]);
    say("whose-speaker", WHERE[speaker]);
  }

  reach({ here, network, fingerprint }) {
    const addresses = [`${here} on the device itself`, ...network];
    byId("addresses").replaceChildren(...addresses.map((address) => make("li", "", address)));
    byId("certificate").hidden = !fingerprint;
    byId("no-network").hidden = Boolean(fingerprint);
    byId("fingerprint").replaceChildren(...breakable(fingerprint));
  }
}

/** A long line of pairs may be broken after a colon, never inside a pair. */
function breakable(fingerprint) {
  return fingerprint.split(":").flatMap((pair, at) => (at ? [":", document.createElement("wbr"), pair] : [pair]));
}
