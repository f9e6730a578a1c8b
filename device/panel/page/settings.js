// The settings that a person may choose here. The device says which, what they are now and may be.

import { byId, say } from "/page.js";

const SLIDERS = {
  "voice.volume": { id: "volume", shown: (value) => `${value} %` },
  "talk.patience_s": { id: "patience", shown: (value) => `${value.toFixed(1)} s` },
  "voice.words_per_minute": { id: "speed", shown: (value) => `${value} words a minute` },
};

export class Settings {
  /** `choose(setting, value)` is called when the person has chosen. */
  constructor(choose) {
    for (const [setting, { id, shown }] of Object.entries(SLIDERS)) {
      const slider = byId(id);
      slider.addEventListener("input", () => say(`${id}-value`, shown(slider.valueAsNumber)));
      slider.addEventListener("change", () => choose(setting, slider.valueAsNumber));
    }
    for (const radio of this.modes) radio.addEventListener("change", () => choose("talk.mode", radio.value));
  }

  get modes() {
    return document.querySelectorAll('input[name="mode"]');
  }

  offers(offers) {
    for (const offer of offers) {
      if (offer.setting in SLIDERS) this.slide(offer);
      else if (offer.setting === "talk.mode") this.mode(offer.value);
    }
  }

  /** What was changed elsewhere: by voice, by another page. */
  standing({ volume, mode }) {
    this.slide({ setting: "voice.volume", value: volume });
    this.mode(mode);
  }

  loudest(percent) {
    say("loudest", percent < 100 ? `100 % is as loud as the owner allows: ${percent} % of what the speaker can.` : "");
  }

  slide({ setting, value, least, most }) {
    const { id, shown } = SLIDERS[setting];
    const slider = byId(id);
    if (least !== undefined) slider.min = least;
    if (most !== undefined) slider.max = most;
    slider.value = value;
    slider.setAttribute("aria-valuetext", shown(value));
    say(`${id}-value`, shown(value));
  }

  mode(value) {
    for (const radio of this.modes) radio.checked = radio.value === value;
    byId("patience-row").hidden = value !== "toggle";
  }
}
