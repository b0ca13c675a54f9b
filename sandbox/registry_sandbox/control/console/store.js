/** Values that views follow: a change is shown with the next frame, however many changes come before it. */

import { useEffect, useState } from "./vendor/htm-preact.js";

/**
 * @template T
 * @typedef {{get: () => T, set: (value: T) => void, changes: () => number, follow: (told: () => void) => () => void}} Store
 */

/** @type {Set<() => void>} */
const waiting = new Set();

/** @param {Iterable<() => void>} followers */
function tellSoon(followers) {
  if (!waiting.size) requestAnimationFrame(tellAll);
  for (const each of followers) waiting.add(each);
}

function tellAll() {
  const told = [...waiting];
  waiting.clear();
  for (const each of told) each();
}

/**
 * @template T
 * @param {T} value
 * @returns {Store<T>}
 */
export function store(value) {
  /** @type {Set<() => void>} */
  const followers = new Set();
  let changes = 0;
  return {
    get: () => value,
    changes: () => changes,
    set(changed) {
      value = changed;
      changes += 1;
      if (followers.size) tellSoon(followers);
    },
    follow(told) {
      followers.add(told);
      return () => {
        followers.delete(told);
        waiting.delete(told);
      };
    },
  };
}

/**
 * Return the value of a store, and show the view again when it changes.
 * @template T
 * @param {Store<T>} followed
 * @returns {T}
 */
export function use(followed) {
  const [, again] = useState(0);
  const seen = followed.changes();
  useEffect(() => {
    const told = () => again((count) => count + 1);
    if (followed.changes() !== seen) told(); // it changed after it was shown, and before it was followed
    return followed.follow(told);
  }, [followed]);
  return followed.get();
}

/**
 * Return a function that calls another one at most once in so many milliseconds, the last time included.
 * @param {() => void} wanted
 * @param {number} every
 */
export function calmly(wanted, every) {
  let timer = 0;
  return () => {
    if (!timer) {
      timer = setTimeout(() => {
        timer = 0;
        wanted();
      }, every);
    }
  };
}
