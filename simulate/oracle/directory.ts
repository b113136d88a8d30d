import { keyOf, unitOf } from "../remotes/columns.ts";
import type { CellChange } from "../remotes/log.ts";
import type { RemoteName } from "../steps.ts";
import { aroundTime, type Evidence, sameSpelled, type Violation } from "./evidence.ts";

/**
 * Rule R28: who was merged answers with the one that stands for it, is tied to nothing and is not written; and taking a merge
 * back brings no value again that a remote does not show any more.
 */
export function mergedRecords(evidence: Evidence): Violation[] {
  return [...strayLinks(evidence), ...writtenWhileMerged(evidence), ...revived(evidence)];
}

const broken = (detail: string): Violation => ({ promise: "a merge holds", detail });

function strayLinks({ facts: { links, records } }: Evidence): Violation[] {
  return links.flatMap(({ connection, externalId, record, state }) => {
    const into = records.get(record ?? "")?.mergedInto ?? null;
    if (into === null) return [];
    return [broken(`${connection} ${externalId} is ${state} to ${record}, which was merged into ${into}`)];
  });
}

function writtenWhileMerged({ history, facts }: Evidence): Violation[] {
  return facts.history.flatMap(({ record, by, at, version, kind }) => {
    const stood = aroundTime(history, at);
    if (by.kind !== "connection" || stood === undefined) return [];
    if (!stood.every(({ records }) => (records.get(record)?.mergedInto ?? null) !== null)) return [];
    return [broken(`${by.connection} ${kind} ${record} version ${version}, which was merged`)];
  });
}

/** In the step that takes a merge back nothing is read: what a link is judged by stands there since our last write. */
function revived({ history, facts }: Evidence): Violation[] {
  return facts.history.flatMap((entry) => {
    const name = entry.by.connection as RemoteName | undefined;
    const step = history.standings.findLastIndex((standing) => standing.at <= entry.at);
    if (entry.by.kind !== "connection" || name === undefined || name === "erp") return [];
    if (history.script.steps[step]?.do !== "part") return [];
    const table = history.remotes.table(name);
    const ids = facts.links.filter((link) => link.connection === name && link.record === entry.record);
    const rows = table.rows.filter((row) => ids.some(({ externalId }) => externalId === row.id)).map(({ uid }) => uid);
    if (rows.length === 0) return [];
    const until = history.standings[step + 1]?.place ?? Number.MAX_SAFE_INTEGER;
    return Object.entries(entry.fields).flatMap(([key, [, now]]) => {
      const changes = table.changes.filter(
        ({ row, column, place }) => rows.includes(row) && place < until && keyOf(name, column) === key,
      );
      if (unitOf(key) !== key || changes.length === 0 || sinceOurs(changes).some((to) => sameSpelled(key, to, now)))
        return [];
      return [broken(`${name} gave ${entry.record} ${key} = ${now} again, which we had overwritten there`)];
    });
  });
}

/** What a cell has shown since we last wrote it. */
function sinceOurs(changes: readonly CellChange[]): CellChange["to"][] {
  const last = changes.findLastIndex(({ by }) => by === "us");
  return changes.slice(Math.max(0, last)).map(({ to }) => to);
}
