import { CVR, columns, KEYS, unitOf } from "../remotes/columns.ts";
import { REMOTES } from "../remotes/remotes.ts";
import type { Row } from "../remotes/table.ts";
import type { RemoteName } from "../steps.ts";
import { type Evidence, sameSpelled, type Violation } from "./evidence.ts";

/** Promise 2: every two-way field of a live link that no person holds is equal on both sides, or a rendering of it. */
export function unsettled({ history, facts }: Evidence): Violation[] {
  const found: Violation[] = [];
  for (const link of facts.links) {
    const name = link.connection as RemoteName;
    const record = link.record === null ? undefined : facts.records.get(link.record);
    const row = history.remotes.table(name).byId(link.externalId);
    if (link.state !== "linked" || record === undefined || row === undefined || history.wishes[name] !== "both")
      continue;
    if (record.restricted || record.archived || record.orphaned) continue;
    const refused = facts.deliveries.some(
      (each) => each.record === record.id && each.connection === name && each.state === "rejected",
    );
    for (const key of KEYS) {
      const known = columns[name][key];
      const unit = unitOf(key);
      if (known === undefined || known.direction !== undefined || refused) continue;
      if (record.holds[unit] !== undefined || record.holds[`${unit}@${name}`] !== undefined) continue;
      if (record.policies.some((policy) => policy.unit === unit || policy.unit === "*")) continue;
      if (name === "b" && history.script.scene.ignores === unit) continue;
      if (isDerived(record.provenance, unit)) continue;
      const theirs = row.cells[known.column] ?? null;
      const ours = record.values[key] ?? null;
      if (sameSpelled(key, theirs, ours)) continue;
      found.push({
        promise: "it settles",
        detail: `${name} ${link.externalId} shows ${known.column} = ${theirs}, ${record.id} has ${key} = ${ours}`,
      });
    }
  }
  return found;
}

/** A value that was only derived is not pushed over what a remote shows (rule R4). */
function isDerived(provenance: string, unit: string): boolean {
  const { s, u } = JSON.parse(provenance) as { s: { kind: string }[]; u: Record<string, [number, number]> };
  const at = u[unit]?.[1];
  return at === undefined || at === -1 || s[at]?.kind === "derived";
}

/** Promise 6: a create is never sent twice; one that a remote knows by its key is the same. */
export function doubled({ history }: Evidence): Violation[] {
  return REMOTES.flatMap((name) => {
    const made = history.remotes
      .table(name)
      .writes.filter((write) => write.kind === "create" && write.outcome === "done");
    const byCompany = new Map<string, number[]>();
    for (const write of made) {
      const company = String(write.body[CVR] ?? `row ${write.row}`);
      byCompany.set(company, [...(byCompany.get(company) ?? []), write.row ?? -1]);
    }
    return [...byCompany].flatMap(([company, rows]) => {
      // What was merged or removed there before anybody could read it cannot be found by a look-up (rule R19).
      const found = rows.filter((uid) => !isUnseen(history.remotes.table(name).rows[uid]));
      if (found.length < 2 || history.anew.has(company)) return [];
      return [{ promise: "no double", detail: `${name}: company ${company} was created as rows ${rows.join(", ")}` }];
    });
  });
}

const isUnseen = (row: Row | undefined): boolean => row?.gone === true && row.lastShown === 0;
