// Who was asked, who answered, and why, in plain words.

const MINDS = {
  skill: "a skill on board",
  cache: "from memory",
  system_1: "the mind on board",
  system_2: "the mind in the cloud",
  stock: "a set phrase",
};

/** `{ mind, reason, rival, opens }` of a route in one line; the last two where there are any. */
export function inWords({ mind, reason, rival, opens }) {
  const raced = rival ? `; ${named(rival)} was asked, too` : "";
  const opened = opens ? "; the first words were the device’s own" : "";
  return `${named(mind)}: ${reason}${raced}${opened}`;
}

/** Of a turn's record, who was asked first and whoever answered after that, in order; each a line. */
export function course({ asked, route, reason, rival, opens, falls }) {
  if (!route) return [];
  return [inWords({ mind: asked ?? route, reason, rival, opens }), ...(falls ?? []).map(fall)];
}

/** A fall is written as `system_1: no words within 1.5 s`. */
function fall(written) {
  const [mind, ...reason] = written.split(": ");
  return inWords({ mind, reason: reason.join(": ") });
}

function named(mind) {
  return MINDS[mind] ?? mind;
}
