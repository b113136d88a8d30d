import type { Audit } from "./audit.ts";
import type { Run } from "./gateway.ts";

/** What `--json` prints. The first six outcomes add up to `read`; `withheld` and `drift` count fields at the end. */
export interface Summary {
  readonly read: number;
  readonly created: number;
  readonly linked: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly held: number;
  readonly quarantined: number;
  readonly withheld: number;
  readonly drift: number;
  /** Fields that differ in a fresh reading of both systems, and why: they add up as well. */
  readonly fields: Readonly<
    Record<"differences" | "drift" | "held" | "withheld" | "quarantined" | "spellings", number>
  >;
  readonly ok: boolean;
  readonly faults: readonly string[];
  readonly seed: number;
  readonly seconds: number;
}

const OUTCOMES = ["quarantined", "held", "created", "linked", "updated", "unchanged"] as const;

/** Adds up the runs; a preview writes nothing and counts as nothing. */
export function countRuns(runs: readonly Run[]): Record<"read" | (typeof OUTCOMES)[number], number> {
  const counted = runs.filter((run) => run.kind !== "preview");
  const sum = (name: string) => counted.reduce((total, run) => total + (run.counts?.[name] ?? 0), 0);
  const [quarantined, held, created, linked, updated, unchanged] = OUTCOMES.map(sum);
  return {
    read: sum("read"),
    ...{ quarantined: quarantined ?? 0, held: held ?? 0, created: created ?? 0 },
    ...{ linked: linked ?? 0, updated: updated ?? 0, unchanged: unchanged ?? 0 },
  };
}

/** A sentence when a run's outcomes do not add up to what it read. */
export function countFaults(runs: readonly Run[]): string[] {
  return runs.flatMap((run) => {
    const counts = countRuns([run]);
    const outcomes = OUTCOMES.reduce((sum, name) => sum + counts[name], 0);
    if (outcomes === counts.read) return [];
    return [`run ${run.id} (${run.kind} of ${run.connection}) read ${counts.read} and accounts for ${outcomes}`];
  });
}

export function summarise(
  runs: readonly Run[],
  audit: Audit,
  told: { readonly faults: readonly string[]; readonly seed: number; readonly seconds: number },
): Summary {
  const { drift, differences, held, withheld, quarantined, spellings } = audit;
  return {
    ...countRuns(runs),
    withheld,
    drift: drift.length,
    fields: { differences, drift: drift.length, held, withheld, quarantined, spellings: spellings.length },
    ok: told.faults.length === 0 && drift.length === 0,
    ...told,
  };
}
