/** What differs between two texts, line by line: the longest common subsequence. */

const LARGEST = 1_000;

/**
 * @param {string[]} before
 * @param {string[]} after
 * @returns {{sign: " " | "+" | "-", text: string}[]}
 */
export function diff(before, after) {
  if (before.length > LARGEST || after.length > LARGEST) {
    return [...before.map((text) => ({ sign: /** @type {"-"} */ ("-"), text })), ...after.map((text) => ({ sign: /** @type {"+"} */ ("+"), text }))];
  }
  const common = lengths(before, after);
  /** @type {{sign: " " | "+" | "-", text: string}[]} */
  const told = [];
  let [one, two] = [0, 0];
  while (one < before.length || two < after.length) {
    const [left, right] = [before[one], after[two]];
    if (left !== undefined && left === right) {
      told.push({ sign: " ", text: left });
      one += 1;
      two += 1;
    } else if (right === undefined || (left !== undefined && at(common, one + 1, two) >= at(common, one, two + 1))) {
      told.push({ sign: "-", text: left ?? "" });
      one += 1;
    } else {
      told.push({ sign: "+", text: right });
      two += 1;
    }
  }
  return told;
}

/** @param {Uint16Array[]} table @param {number} row @param {number} column */
const at = (table, row, column) => table[row]?.[column] ?? 0;

/** For each pair of places, how long the common rest is. @param {string[]} before @param {string[]} after */
function lengths(before, after) {
  const table = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let one = before.length - 1; one >= 0; one -= 1) {
    const row = table[one];
    for (let two = after.length - 1; row && two >= 0; two -= 1) {
      row[two] = before[one] === after[two] ? at(table, one + 1, two + 1) + 1 : Math.max(at(table, one + 1, two), at(table, one, two + 1));
    }
  }
  return table;
}

/**
 * The lines near a difference; a number stands for so many lines that are left out.
 * @param {{sign: " " | "+" | "-", text: string}[]} told
 * @param {number} around
 */
export function near(told, around) {
  const kept = told.map((_, place) => told.slice(Math.max(place - around, 0), place + around + 1).some(({ sign }) => sign !== " "));
  /** @type {({sign: " " | "+" | "-", text: string} | number)[]} */
  const shown = [];
  told.forEach((line, place) => {
    const last = shown.at(-1);
    if (kept[place]) shown.push(line);
    else if (typeof last === "number") shown[shown.length - 1] = last + 1;
    else shown.push(1);
  });
  return shown;
}
