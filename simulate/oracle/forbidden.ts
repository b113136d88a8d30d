import type { RecordFact } from "../facts.ts";
import type { Standing } from "../history.ts";
import { columns, FLAG, KEYS, keyOf, unitOf } from "../remotes/columns.ts";
import type { WriteSeen } from "../remotes/log.ts";
import { REMOTES } from "../remotes/remotes.ts";
import type { RemoteName } from "../steps.ts";
import { around, aroundTime, both, type Evidence, type Violation } from "./evidence.ts";

/** Promise 4: nothing is written, in or out, that a switch, a direction, a policy, a pin, a state or a hold forbids. */
export function forbiddenWrites(evidence: Evidence): Violation[] {
  return [...REMOTES.flatMap((name) => forbiddenOut(name, evidence)), ...forbiddenIn(evidence), ...echoes(evidence)];
}

function forbiddenOut(name: RemoteName, { history }: Evidence): Violation[] {
  const table = history.remotes.table(name);
  return table.writes.flatMap((write) => {
    const stood = around(history, write.step);
    if (stood === undefined) return [];
    const why = whyNotOut(name, write, stood, table.rows[write.row ?? -1]?.id);
    const body = JSON.stringify(write.body);
    return why.map((reason) => ({
      promise: "no forbidden write",
      detail: `${name} row ${write.row} was written ${body} in step ${history.script.steps[write.step]?.n ?? "last"}: ${reason}`,
    }));
  });
}

/** What forbids a write both when its step began and when it ended. */
function whyNotOut(
  name: RemoteName,
  write: WriteSeen,
  stood: readonly [Standing, Standing],
  id: string | undefined,
): string[] {
  const why: string[] = [];
  if (both(stood, ({ wishes }) => wishes[name] !== "both" && wishes[name] !== "out")) why.push("switched off");
  const columnsSent = Object.keys(write.body);
  const sent = columnsSent.flatMap((column) => keyOf(name, column) ?? []);
  if (columnsSent.includes(FLAG) || sent.some((key) => columns[name][key]?.direction === "in"))
    why.push("direction is in");
  if (write.kind === "create") return why;
  const linkOf = (standing: Standing) =>
    standing.links.find((link) => link.connection === name && link.externalId === id);
  const links = stood.map(linkOf);
  if (links.every((link) => link?.state === "unlinked")) why.push("not linked");
  const recordId = links[0]?.record ?? null;
  if (recordId === null || links[1]?.record !== recordId) return why;
  const record = (standing: Standing): RecordFact | undefined => standing.records.get(recordId);
  if (both(stood, (each) => record(each)?.restricted === true)) why.push("restricted");
  if (both(stood, (each) => record(each)?.archived === true)) why.push("archived");
  if (both(stood, (each) => record(each)?.orphaned === true)) why.push("orphaned");
  for (const unit of new Set(sent.map(unitOf))) {
    const [before, after] = [record(stood[0])?.holds, record(stood[1])?.holds];
    for (const hold of [unit, `${unit}@${name}`])
      if (before?.[hold] !== undefined && before[hold] === after?.[hold]) why.push(`${unit} is held`);
    const frozen = (each: Standing): boolean =>
      record(each)?.policies.some(
        (policy) =>
          (policy.unit === unit || policy.unit === "*") &&
          policy.direction !== "in" &&
          policy.pin !== true &&
          (policy.policy === "frozen" || policy.policy === "propose"),
      ) === true;
    if (both(stood, frozen)) why.push(`policy of ${unit}`);
  }
  return why;
}

function forbiddenIn({ history, facts }: Evidence): Violation[] {
  return facts.history.flatMap((entry) => {
    const name = entry.by.connection as RemoteName | undefined;
    const stood = aroundTime(history, entry.at);
    if (entry.by.kind !== "connection" || name === undefined || stood === undefined || entry.version === 1) return [];
    const record = (standing: Standing): RecordFact | undefined => standing.records.get(entry.record);
    const why: string[] = [];
    if (both(stood, ({ wishes }) => wishes[name] !== "both" && wishes[name] !== "in")) why.push("switched off");
    if (both(stood, (each) => record(each)?.restricted === true)) why.push("restricted");
    if (both(stood, (each) => record(each)?.archived === true)) why.push("archived");
    const units = new Set(
      Object.keys(entry.fields)
        .filter((key) => KEYS.includes(key as "attention"))
        .map(unitOf),
    );
    units.delete("soegenavn"); // follows the name
    if (name === "dir" && units.size > 0 && both(stood, (each) => record(each)?.may === false)) why.push("flag");
    for (const unit of units) {
      const shut = (each: Standing): boolean =>
        record(each)?.policies.some(
          (policy) =>
            (policy.unit === unit || policy.unit === "*") &&
            (policy.pin === true || policy.direction !== "out") &&
            policy.policy !== "auto" &&
            policy.policy !== "if_empty" &&
            !(policy.pin === true && policy.direction === "out"),
        ) === true;
      if (both(stood, shut)) why.push(`policy of ${unit}`);
    }
    const fields = JSON.stringify(entry.fields);
    return why.map((reason) => ({
      promise: "no forbidden write",
      detail: `${name} wrote ${fields} into ${entry.record} version ${entry.version}: ${reason}`,
    }));
  });
}

/** Promise 5: what a remote only shows because we wrote it never becomes its claim. */
function echoes({ history, facts }: Evidence): Violation[] {
  const typed = new Map<string, Set<string>>();
  for (const name of REMOTES) {
    for (const change of history.remotes.table(name).changes) {
      const key = keyOf(name, change.column);
      if (change.by !== "person" || key === undefined) continue;
      const at = `${name} ${key}`;
      typed.set(at, (typed.get(at) ?? new Set()).add(String(change.to)));
    }
  }
  return facts.history.flatMap((entry) => {
    const name = entry.by.connection;
    if (entry.by.kind !== "connection" || name === undefined || history.retied.has(entry.record)) return [];
    // Made of a row that was ours once, was unlinked and got another id there: whatever it shows, nobody typed it again.
    if (entry.kind === "created" && [...history.strangers].some((row) => row.startsWith(`${name} `))) return [];
    return Object.entries(entry.fields).flatMap(([key, [old, now, rule]]) => {
      // A group is one value: with a part that was typed come the parts that were not. What nobody typed is empty.
      if (!KEYS.includes(key as "attention") || unitOf(key) !== key || key === "soegenavn") return [];
      if (rule?.startsWith("R26") === true || now === null || typed.get(`${name} ${key}`)?.has(String(now)) === true)
        return [];
      return [
        {
          promise: "no echo",
          detail: `${name} made ${key} of ${entry.record} ${now} in place of ${old} by ${rule}, which nobody typed there`,
        },
      ];
    });
  });
}
