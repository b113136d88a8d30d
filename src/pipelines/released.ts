import { nothing, type Tally } from "../rules/guards.ts";
import { readNow } from "../store/clock.ts";
import type { Tx } from "../store/database.ts";
import { type GuardKey, lockGuards, writeGuards } from "../store/guards.ts";
import { closeReviews } from "../store/reviews.ts";
import type { Run } from "../store/runs.ts";
import { lastWaiting } from "../store/stopped.ts";
import { iso } from "./batch.ts";
import type { Actor } from "./deps.ts";
import type { Effects } from "./preview.ts";

/**
 * What an accepted preview has named is done without being counted by the guards (rule R30): a person has seen how much
 * it is, here, at the remote and at third systems. Anything above that is counted.
 */
export function grantsOf(run: Run, connection: string, object: string): (GuardKey & { granted: Tally })[] {
  // As the preview's run has written it.
  const detail = run.detail as {
    effects?: Partial<Omit<Effects, "thirdSystems">>;
    thirdSystems?: Effects["thirdSystems"];
  } | null;
  const effects = { created: 0, linked: 0, updated: 0, fieldsCleared: 0, fieldsOut: 0, ...detail?.effects };
  const touched = effects.linked + effects.updated;
  const grants = new Map<string, GuardKey & { granted: Tally }>();
  const add = (key: GuardKey, more: Partial<Tally>): void => {
    const name = `${key.connection}/${key.object}/${key.direction}`;
    grants.set(name, { ...key, granted: { ...nothing, ...grants.get(name)?.granted, ...more } });
  };
  const own = { connection, object };
  add(
    { ...own, direction: "in" },
    { creates: effects.created, overwrites: touched, clears: Math.min(touched, effects.fieldsCleared) },
  );
  add({ ...own, direction: "out" }, { overwrites: effects.fieldsOut, clears: effects.fieldsOut });
  for (const [name, { updates, creates }] of Object.entries(detail?.thirdSystems ?? {})) {
    const [system = "", kind = ""] = name.split("/");
    const key = { connection: system, object: kind, direction: "out" } as const;
    // A preview counts creates of its own object among third systems; those of its updates it counts by field.
    if (system === connection && kind === object) add(key, { creates });
    else add(key, { creates, overwrites: updates, clears: updates });
  }
  return [...grants.values()];
}

/** A preview shows all that a stopped lane would do: its release approves what waits, and closes the review that asked. */
export async function freeStopped(
  tx: Tx,
  connection: string,
  object: string,
  review: number,
  by: Actor,
): Promise<void> {
  for (const direction of ["in", "out"] as const) {
    const key = { connection, object, direction };
    const upTo = await lastWaiting(tx, key);
    const [row] = await lockGuards(tx, [key]);
    if (row === undefined || upTo === null) continue;
    await writeGuards(tx, [{ ...row, approved: [...row.approved, { upTo }], counts: [] }]);
  }
  const at = iso(await readNow(tx));
  await closeReviews(tx, at, [{ id: review, state: "closed", decision: "released", by: by.name }]);
}
