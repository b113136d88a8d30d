import type { Sql } from "./database.ts";

export interface Retention {
  readonly inboxMs: number;
  readonly attemptsMs: number;
  readonly runsMs: number;
  readonly historyMs: number;
  readonly reviewsMs: number;
}

/** Rows a statement drops at the most, so that none holds locks for long. */
const SLICE = 5_000;

/** What a remote last showed stays with its link when the change that told it goes (rule R10). */
const keptImages = `, kept as (
  update links l set image = c.body, image_change = null from changes c join old on old.key = c.id
  where l.connection = c.connection and l.object = c.object and l.external_id = c.external_id and l.image_change = c.id)`;

/** Drops what has passed its time, slice by slice; nothing that waits for a decision, a delivery or a person. */
export async function dropOld(sql: Sql, retention: Retention): Promise<Record<string, number>> {
  const age = (ms: number): string => `(select kobling_now()) - ${Math.round(ms)} * interval '1 millisecond'`;
  const ofOldImports = `import_id in (select id from imports where created_at < ${age(retention.runsMs)})`;
  const wanted: readonly [name: string, table: string, key: string, where: string][] = [
    ["changes", "changes", "id", `state in ('decided', 'repeat', 'stale') and received_at < ${age(retention.inboxMs)}`],
    [
      "attempts",
      "attempts",
      "id",
      `state <> 'begun' and began_at < ${age(retention.attemptsMs)}
       and not exists (select 1 from deliveries d where d.attempt_id = attempts.id)`,
    ],
    [
      "deliveries",
      "deliveries",
      "id",
      `state in ('settled', 'withdrawn') and created_at < ${age(retention.attemptsMs)}
       and id < (select coalesce(max(id), 0) from deliveries newer where newer.link_id = deliveries.link_id)`,
    ],
    [
      "runItems",
      "run_items",
      "ctid",
      `run_id in (select id from runs where state in ('done', 'failed', 'stopped') and created_at < ${age(retention.runsMs)}
       and not exists (select 1 from lanes l where l.preview_id = runs.id))`,
    ],
    [
      "runs",
      "runs",
      "id",
      `state in ('done', 'failed', 'stopped') and created_at < ${age(retention.runsMs)}
       and not exists (select 1 from lanes l where l.preview_id = runs.id)`,
    ],
    [
      "exchangeFiles",
      "exchange_files",
      "id",
      `state in ('taken', 'answered') and at < ${age(retention.runsMs)}
       and not exists (select 1 from exchange_rows r where r.file_id = exchange_files.id)`,
    ],
    ["importChunks", "import_chunks", "ctid", `at < ${age(retention.inboxMs)}`],
    ["importRows", "import_rows", "ctid", ofOldImports],
    ["importFaults", "import_faults", "ctid", ofOldImports],
    [
      "imports",
      "imports",
      "id",
      `created_at < ${age(retention.runsMs)} and not exists (select 1 from runs r where r.id in (imports.run, imports.preview_run))
       and not exists (select 1 from import_rows x where x.import_id = imports.id)`,
    ],
    ["directorySpending", "directory_spending", "ctid", `day < (${age(retention.historyMs)})::date`],
    ["reviews", "reviews", "id", `state in ('decided', 'closed') and updated_at < ${age(retention.reviewsMs)}`],
    // What the feed still shows stays: its entries are read from here.
    [
      "history",
      "history",
      "ctid",
      `at < ${age(retention.historyMs)} and not exists (select 1 from feed_batches b where b.id = history.batch)`,
    ],
  ];
  const dropped: Record<string, number> = {};
  for (const [name, table, key, where] of wanted) {
    let count = 0;
    for (;;) {
      const rows = await sql.unsafe(
        `with old as materialized (select ${key} as key from ${table} where ${where} limit ${SLICE})
           ${table === "changes" ? keptImages : ""}
         delete from ${table} where ${key} in (select key from old)`,
      );
      count += rows.count;
      if (rows.count < SLICE) break;
    }
    dropped[name] = count;
  }
  return dropped;
}
