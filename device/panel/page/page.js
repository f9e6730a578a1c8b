// Small things that every part of the page uses.

export const byId = (id) => document.getElementById(id);

/** Words that have not changed are not set, so that no screen reader says them again. */
export function say(id, text) {
  const element = byId(id);
  if (element && element.textContent !== text) element.textContent = text;
}

/** A new element with a class and words. */
export function make(tag, kind, text = "") {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.textContent = text;
  return element;
}

/** `2:05 PM` as this browser's language has it, for a time in UTC. */
export function timeOf(utc) {
  return new Date(utc).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}
