import { keyOf } from "../remotes/columns.ts";
import type { CellChange } from "../remotes/log.ts";
import { REMOTES } from "../remotes/remotes.ts";
import type { RemoteName } from "../steps.ts";
import { type Evidence, isTold, type Violation } from "./evidence.ts";

/** Promise 3: a value that somebody set is in force, or its replacement is told with the rule, or it waits for a person. */
export function lostEdits(evidence: Evidence): Violation[] {
  return [...REMOTES.flatMap((name) => lostAt(name, evidence)), ...lostHere(evidence)];
}

function lostAt(name: RemoteName, { history, told }: Evidence): Violation[] {
  const table = history.remotes.table(name);
  const lost: Violation[] = [];
  const cells = new Map<string, CellChange[]>();
  for (const change of table.changes) {
    const cell = `${change.row} ${change.column}`;
    cells.set(cell, [...(cells.get(cell) ?? []), change]);
  }
  for (const changes of cells.values()) {
    for (const [at, change] of changes.entries()) {
      const next = changes[at + 1];
      // Still there, or typed over by the remote's own people: nothing of ours has touched it.
      if (change.by !== "person" || typeof change.to !== "string" || next === undefined || next.by === "person")
        continue;
      if (keyOf(name, change.column) === undefined || isTold(told, change.to)) continue;
      const write = table.writes.find((each) => each.id === next.write);
      if (isInWindow(name, change, write?.lastShown ?? 0) || wasNeverTold(name, change.row, history)) continue;
      lost.push({
        promise: "no lost edit",
        detail: `${name} row ${change.row} ${change.column}: ${change.to} was overwritten by ${next.to} and stands nowhere`,
      });
    }
  }
  return lost;
}

/**
 * The published window of a remote without a lock (rule R20): typed after the last reading before the write. A remote with
 * a version has none.
 */
const isInWindow = (name: RemoteName, change: CellChange, lastShown: number): boolean =>
  name === "b" && change.place > lastShown;

/** The message of the ERP that told of it was lost on the way, or overtaken by a newer one (rule R21). */
const wasNeverTold = (name: RemoteName, row: number, history: Evidence["history"]): boolean =>
  name === "erp" && history.remotes.erp.fates.some((each) => each.row === row);

function lostHere({ history, told }: Evidence): Violation[] {
  return history.edits.flatMap((edit) => {
    if (edit.value === null || isTold(told, edit.value)) return [];
    // On a held field an edit of ours is a side, which a later one replaces: by the same people.
    if (history.edits.some((each) => each.record === edit.record && each.key === edit.key && each.place > edit.place))
      return [];
    return [{ promise: "no lost edit", detail: `our ${edit.key} of ${edit.record}: ${edit.value} stands nowhere` }];
  });
}
