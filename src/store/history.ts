import type { EntityKind } from "../model/catalogue.ts";
import type { FieldChanges } from "../rules/apply.ts";
import type { Setter } from "../rules/record.ts";
import type { Tx } from "./database.ts";

export interface HistoryEntry {
  readonly entityId: string;
  readonly entity: EntityKind;
  readonly version: number;
  /** `created`, `updated`, `linked`, `unlinked`, `gone`, `archived`, … */
  readonly kind: string;
  readonly by: Setter;
  readonly changeId: number | null;
  readonly runId: number | null;
  readonly mappingVersion: string | null;
  readonly fields: FieldChanges;
}

/**
 * Appends versions to history, as one feed batch that gets its number after commit (rule R32). The batch row is made
 * here, after every lock is held, so that batches number in the order in which records changed. Segments that read what
 * changed follow it after commit, by the mark.
 */
export async function appendHistory(tx: Tx, at: string, entries: readonly HistoryEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry, place) => ({
    entity_id: entry.entityId,
    entity: entry.entity,
    version: entry.version,
    place,
    kind: entry.kind,
    by: entry.by,
    change_id: entry.changeId,
    run_id: entry.runId,
    mapping_version: entry.mappingVersion,
    fields: entry.fields,
  }));
  await tx.unsafe(
    `with batch as (insert into feed_batches (entries, at) values ($1::int, $2::timestamptz) returning id),
     mark as (insert into segment_marks (batch) select id from batch)
     insert into history (entity_id, entity, version, batch, place, kind, at, by, change_id, run_id, mapping_version, fields)
     select x.entity_id, x.entity, x.version, batch.id, x.place, x.kind, $2::timestamptz, x.by, x.change_id, x.run_id, x.mapping_version, x.fields
     from batch, json_to_recordset(kobling_rows($3)) as x(entity_id uuid, entity text, version bigint, place int, kind text, by json,
       change_id bigint, run_id bigint, mapping_version text, fields json)`,
    [entries.length, at, JSON.stringify(rows)],
    { prepare: true },
  );
}
