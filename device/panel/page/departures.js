// What left this device, for whom and when.

import { byId, make, timeOf } from "/page.js";

const WHAT = { audio: "sound", text: "words", picture: "pictures" };
const BESIDE = { ...WHAT, control: "greetings and pings" };

/** `departures` as the device counted them since it started; greetings and pings are not content. */
export function showDepartures(departures) {
  const content = departures.filter(({ content }) => content in WHAT).reverse();
  byId("nothing-left").hidden = content.length > 0;
  byId("departures").replaceChildren(...content.map(row));
}

/** What one receiver was sent, greetings and pings too. */
export function sentTo(host, port, departures) {
  return departures.filter((departure) => departure.host === host && departure.port === port);
}

/** `12 kB of words`. */
export function quantity({ sent_bytes, content }) {
  return `${size(sent_bytes)} of ${BESIDE[content]}`;
}

function row(departure) {
  const { host, port, first_utc, last_utc } = departure;
  const element = make("li");
  const to = port ? `${host}, port ${port}` : `the page open on ${host}`;
  const when = first_utc === last_utc ? `at ${timeOf(first_utc)}` : `${timeOf(first_utc)} to ${timeOf(last_utc)}`;
  element.append(make("strong", "", quantity(departure)), ` to ${to}, ${when}`);
  return element;
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
