import type { FieldChanges } from "../rules/apply.ts";
import type { Version } from "../rules/ping-pong.ts";
import type { Setter } from "../rules/record.ts";
import type { Tx } from "./database.ts";

/** The versions of records since a time (ms), newest first, by record: what a field that may swing has been through. */
export async function loadVersions(
  tx: Tx,
  entityIds: readonly string[],
  since: number,
): Promise<Map<string, Version[]>> {
  const rows = await tx.unsafe(
    `select entity_id, (extract(epoch from at) * 1000)::float8 as at, by, fields from history
     where entity_id = any($1::uuid[]) and at > $2::timestamptz order by entity_id, version desc`,
    [[...entityIds], new Date(since).toISOString()],
    { prepare: true },
  );
  const versions = new Map<string, Version[]>();
  for (const row of rows) {
    const id = String(row.entity_id);
    // The casts read what `appendHistory` wrote from the same types.
    const version = { at: Number(row.at), by: row.by as Setter, fields: row.fields as FieldChanges };
    const known = versions.get(id);
    if (known === undefined) versions.set(id, [version]);
    else known.push(version);
  }
  return versions;
}
