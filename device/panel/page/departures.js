// What left this device, for whom and when.

import { byId, make, timeOf } from "/page.js";

const WHAT = { audio: "sound", text: "words", picture: "pictures" };

/** `departures` as the device counted them since it started; greetings and pings are not content. */
export function showDepartures(departures) {
  const content = departures.filter(({ content }) => content in WHAT).reverse();
  byId("nothing-left").hidden = content.length > 0;
  byId("departures").replaceChildren(...content.map(row));
}

function row({ host, port, content, sent_bytes, first_utc, last_utc }) {
  const element = make("li");
  const to = port ? `${host}, port ${port}` : `the page open on ${host}`;
  const when = first_utc === last_utc ? `at ${timeOf(first_utc)}` : `${timeOf(first_utc)} to ${timeOf(last_utc)}`;
  element.append(make("strong", "", `${size(sent_bytes)} of ${WHAT[content]}`), ` to ${to}, ${when}`);
  return element;
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
