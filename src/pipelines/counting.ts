import { type GuardKind, kindsOf, type Touched, touchedIn } from "../rules/guards.ts";
import type { Batch, Incoming } from "./batch.ts";

/** Counts for the guards (rule R30) what deciding a reading has done to our records: the entries of history from `since` on. */
export function countTaken(batch: Batch, incoming: Incoming, entityId: string, since: number, created: boolean): void {
  const entries = batch.history.slice(since).filter((entry) => entry.by.kind === "connection");
  if (entries.length === 0) return;
  const fields: Touched = Object.assign(
    {},
    ...entries.filter((entry) => entry.version > 1).map((entry) => touchedIn(entry.fields)),
  );
  const isNew = created || entries.some((entry) => entry.version === 1);
  push(batch, incoming, entityId, [...(isNew ? ["creates" as const] : []), ...kindsOf(fields)], fields);
}

/** Counts that the remote no longer has an object that stood for a record. */
export const countGone = (batch: Batch, incoming: Incoming, entityId: string): void =>
  push(batch, incoming, entityId, ["deletes"], {});

function push(
  batch: Batch,
  { object, externalId, changeId, runId }: Incoming,
  entityId: string,
  kinds: readonly GuardKind[],
  fields: Touched,
): void {
  if (kinds.length === 0) return;
  const at = { connection: batch.connection, object, direction: "in" } as const;
  batch.counted.push({ ...at, id: changeId, externalId, entityId, runId, kinds, fields });
}
