/** The exchanges that the page knows, in the order of their numbers, without headers and bodies. */

/** @typedef {import("./types.js").Brief} Brief */

const KEPT = 20_000;

export class Exchanges {
  /** @type {Map<number, Brief>} */
  #of = new Map();
  /** @type {number[]} */
  #numbers = [];
  /** @type {Map<string, number>} the exchange that wrote a version, by `Appointment/[id]/_history/[vid]` */
  #writers = new Map();
  #changes = 0;
  /** The clients that were seen. */
  clients = new Set(/** @type {string[]} */ ([]));
  /** The fault rules that fired. */
  rules = new Set(/** @type {string[]} */ ([]));

  get size() {
    return this.#numbers.length;
  }

  /** Counts every change, so that a view knows whether it has to look again. */
  get changes() {
    return this.#changes;
  }

  /** @param {number} number */
  find(number) {
    return this.#of.get(number);
  }

  /** Return the number of the exchange that wrote a version, if it is known. @param {string} version */
  writer(version) {
    return this.#writers.get(version);
  }

  /** Take in exchanges; one that is known already is replaced. @param {Brief[]} briefs */
  add(briefs) {
    const fresh = briefs.filter((each) => !this.#of.has(each.number)).map((each) => each.number);
    for (const each of briefs) {
      this.#of.set(each.number, each);
      if (each.client) this.clients.add(each.client);
      for (const rule of each.faults) this.rules.add(rule);
      if (each.written) this.#writers.set(each.written, each.number);
    }
    const last = this.#numbers.at(-1) ?? 0;
    this.#numbers.push(...fresh);
    if (fresh.some((each) => each < last)) this.#numbers.sort((one, other) => one - other);
    while (this.#numbers.length > KEPT) this.#of.delete(this.#numbers.shift() ?? 0);
    this.#changes += 1;
  }

  /** Return those that fit, the newest first. @param {(brief: Brief) => boolean} fits @returns {Brief[]} */
  newest(fits) {
    const chosen = [];
    for (let at = this.#numbers.length - 1; at >= 0; at -= 1) {
      const brief = this.#of.get(this.#numbers[at] ?? 0);
      if (brief && fits(brief)) chosen.push(brief);
    }
    return chosen;
  }
}
