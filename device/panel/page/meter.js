// How loud the microphone hears, while somebody is listened to.

const QUIETEST_DBFS = -60;

export class Meter {
  constructor(element) {
    this.element = element;
    this.show(QUIETEST_DBFS, QUIETEST_DBFS);
  }

  show(peakDbfs, rmsDbfs) {
    this.element.style.setProperty("--rms", share(rmsDbfs));
    this.element.style.setProperty("--peak", share(peakDbfs));
    this.element.setAttribute("aria-valuenow", Math.round(Math.max(QUIETEST_DBFS, peakDbfs)));
    this.element.setAttribute("aria-valuetext", `${Math.round(peakDbfs)} decibels below full scale`.replace("-", ""));
    this.element.dataset.clipped = peakDbfs > -0.5 ? "yes" : "no";
  }

  rest() {
    this.show(QUIETEST_DBFS, QUIETEST_DBFS);
  }
}

/** 0 to 1. */
function share(dbfs) {
  return Math.min(1, Math.max(0, 1 - dbfs / QUIETEST_DBFS)).toFixed(3);
}
