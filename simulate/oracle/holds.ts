import type { Facts, ReviewFact } from "../facts.ts";
import type { History } from "../history.ts";
import { columns, KEYS, keyOf, unitOf } from "../remotes/columns.ts";
import { REMOTES } from "../remotes/remotes.ts";
import { aroundTime, type Evidence, sameSpelled, type Violation } from "./evidence.ts";

/** A field is held only where the script has a clash, a policy or a guard for it: persons are not asked for nothing. */
export function unexplainedHolds({ history, facts }: Evidence): Violation[] {
  return facts.reviews.flatMap((review) => {
    if ((review.kind !== "conflict" && review.kind !== "proposal") || review.record === null || review.unit === null)
      return [];
    if (isExplained(history, facts, review)) return [];
    return [
      {
        promise: "a hold has a cause",
        detail: `${review.kind} ${review.id} on ${review.unit} of ${review.record} by ${review.connection}: ${review.reason}`,
      },
    ];
  });
}

function isExplained(history: History, facts: Facts, review: ReviewFact): boolean {
  const record = review.record ?? "";
  // Two that meet for the first time, by hand or by match, may differ in anything.
  if (review.reason.startsWith("R26") || history.retied.has(record)) return true;
  const stood = aroundTime(history, review.openedAt) ?? [];
  if (review.reason === "R15:flag" && stood.some((each) => each.records.get(record)?.may === false)) return true;
  const proposes = stood.some((each) =>
    each.records
      .get(record)
      ?.policies.some((policy) => policy.policy === "propose" && (policy.unit === review.unit || policy.unit === "*")),
  );
  if (review.reason === "R15:propose" && proposes) return true;
  if (differedBefore(history, review)) return true;
  const sources = sourcesOf(history, record, review.unit ?? "", review.openedAt);
  if (hasDecided(history, facts, review)) sources.add("us");
  return sources.size >= 2;
}

/** A person has decided an earlier case of the unit since everything was last quiet: that is an edit of ours. */
function hasDecided(history: History, facts: Facts, { record, unit, openedAt }: ReviewFact): boolean {
  const from = history.quietAt.filter((quiet) => quiet.at < openedAt).at(-1)?.at ?? 0;
  return facts.history.some(
    (entry) =>
      entry.record === record &&
      entry.by.kind === "person" &&
      entry.at > from &&
      entry.at <= openedAt &&
      Object.keys(entry.fields).some((key) => unitOf(key) === unit),
  );
}

/**
 * What the case's own remote showed was not ours already when everything was last quiet: something kept our value from
 * going there (a state of the record, a policy, a refusal), so its next edit meets one of ours that it has never had.
 */
function differedBefore(history: History, { record, unit, connection, externalId, openedAt }: ReviewFact): boolean {
  const name = REMOTES.find((each) => each === connection);
  const quiet = history.quietAt.filter((each) => each.at < openedAt).at(-1);
  const after = history.standings.find((each) => quiet !== undefined && each.place > quiet.place);
  const values = after?.records.get(record ?? "")?.values;
  if (name === undefined || quiet === undefined || values === undefined) return false;
  const table = history.remotes.table(name);
  const row = table.rows.find((each) => each.id === externalId);
  return KEYS.some((key) => {
    const column = columns[name][key]?.column;
    if (row === undefined || column === undefined || unitOf(key) !== unit) return false;
    const shown = table.changes.filter(
      (change) => change.row === row.uid && change.column === column && change.place <= quiet.place,
    );
    return !sameSpelled(key, shown.at(-1)?.to ?? null, values[key] ?? null);
  });
}

/** Who has edited a unit of a record since everything was last quiet before the moment. */
function sourcesOf(history: History, record: string, unit: string, at: number): Set<string> {
  const until = history.standings.find((standing) => standing.at > at)?.place ?? Number.MAX_SAFE_INTEGER;
  const from = history.quietAt.filter((quiet) => quiet.at < at).at(-1)?.place ?? 0;
  const sources = new Set<string>();
  for (const edit of history.edits)
    if (edit.record === record && unitOf(edit.key) === unit && edit.place > from && edit.place < until)
      sources.add("us");
  const links = new Map<string, Set<string>>();
  for (const standing of history.standings)
    for (const link of standing.links)
      if (link.record === record)
        links.set(link.connection, (links.get(link.connection) ?? new Set()).add(link.externalId));
  for (const name of REMOTES) {
    const table = history.remotes.table(name);
    const rows = new Set(table.rows.filter((row) => links.get(name)?.has(row.id) === true).map((row) => row.uid));
    for (const change of table.changes) {
      const key = keyOf(name, change.column);
      if (change.by !== "person" || key === undefined || unitOf(key) !== unit || !rows.has(change.row)) continue;
      if (change.place > from && change.place < until) sources.add(name);
    }
  }
  return sources;
}
