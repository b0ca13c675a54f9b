/** What happened, counted by its kind. */

import { store } from "./store.js";

/** Counts what happened that some view may want to ask about again; `anew`: what was known may be of no worth now. */
export const happened = store({ exchanges: 0, exams: 0, workspaces: 0, anew: 0 });

/** Count more of it. @param {Partial<Record<keyof ReturnType<typeof happened.get>, number>>} more */
export function count(more) {
  const { exchanges: seen, exams, workspaces, anew } = happened.get();
  happened.set({
    exchanges: seen + (more.exchanges ?? 0),
    exams: exams + (more.exams ?? 0),
    workspaces: workspaces + (more.workspaces ?? 0),
    anew: anew + (more.anew ?? 0),
  });
}
