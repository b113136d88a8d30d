import { keyOf } from "../remotes/columns.ts";
import type { CellChange } from "../remotes/log.ts";
import { REMOTES } from "../remotes/remotes.ts";
import type { RemoteName } from "../steps.ts";
import { type Evidence, isTold, spelled, type Told, type Violation } from "./evidence.ts";

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
      if (wasSide(told, change) && changes.slice(at + 1).some(({ by }) => by === "person")) continue;
      // It lost, and what the same people set later takes its place among the losers (rule R12).
      const later = changes.slice(at + 1).find(({ by }) => by === "person")?.to;
      if (name === "erp" && typeof later === "string" && told.losers.has(spelled(later))) continue;
      const write = table.writes.find((each) => each.id === next.write);
      if (isInWindow(name, change, write?.lastShown ?? 0) || wasNeverTold(name, change, next, history)) continue;
      if (name === "erp" && isNobodys(history, change, next)) continue;
      lost.push({
        promise: "no lost edit",
        detail: `${name} row ${change.row} ${change.column}: ${change.to} was overwritten by ${next.to} and stands nowhere`,
      });
    }
  }
  return lost;
}

/** A side of a held field shows the newest that its people have set there (rule R16). */
const wasSide = (told: Told, { to }: CellChange): boolean => typeof to === "string" && told.shownSides.has(spelled(to));

/**
 * The published window of a remote without a lock (rule R20): typed after the last reading before the write. A remote with
 * a version has none.
 */
const isInWindow = (name: RemoteName, change: CellChange, lastShown: number): boolean =>
  name === "b" && change.place > lastShown;

/**
 * The window of a remote that pulls, which has no lock either (rules R20, R21): no message that showed the value reached us
 * in its turn, before the delivery was applied over it or after. Those that did were lost on the way, or overtaken by a newer one.
 */
const wasNeverTold = (name: RemoteName, change: CellChange, next: CellChange, history: Evidence["history"]): boolean =>
  name === "erp" && !history.remotes.erp.hasTold(change.row, change.place, next.place);

/**
 * A delivery that was handed out before a person ended the link cannot be called back from a system that pulls: what it
 * overwrites there is nobody's any more (rules R21, R25), and the person was told of the delivery. So is an edit that is
 * told only after the link has ended.
 */
function isNobodys(history: Evidence["history"], { row, place }: CellChange, next: CellChange): boolean {
  const ids = new Set(
    history.remotes
      .table("erp")
      .rows.filter((each) => each.uid === row)
      .map((each) => each.id),
  );
  return [next.place, history.remotes.erp.toldAt(row, place, next.place) ?? next.place].some((moment) => {
    const stood = history.standings.filter((each) => each.place <= moment).at(-1);
    const link = stood?.links.find((each) => each.connection === "erp" && ids.has(each.externalId));
    return link !== undefined && link.state === "unlinked";
  });
}

function lostHere({ history, told }: Evidence): Violation[] {
  return history.edits.flatMap((edit) => {
    if (edit.value === null || isTold(told, edit.value)) return [];
    // On a held field an edit of ours is a side, which a later one replaces: by the same people.
    if (history.edits.some((each) => each.record === edit.record && each.key === edit.key && each.place > edit.place))
      return [];
    return [{ promise: "no lost edit", detail: `our ${edit.key} of ${edit.record}: ${edit.value} stands nowhere` }];
  });
}
