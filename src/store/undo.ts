import type { EntityKind } from "../model/catalogue.ts";
import type { FieldChanges } from "../rules/apply.ts";
import type { PastVersion } from "../rules/undo.ts";
import type { Db, Tx } from "./database.ts";

/** Which writes are undone: those of a run, or what a connection wrote with a mapping version, in a window of time, or both. */
export interface UndoTarget {
  readonly run?: number;
  readonly connection?: string;
  readonly object?: string;
  readonly mapping?: string;
  readonly from?: string;
  readonly to?: string;
}

/** What an undo is of and how it is meant; stands in the detail of its run. */
export interface UndoDetail {
  readonly undoes: UndoTarget;
  readonly preview: boolean;
  readonly pin: boolean;
  readonly actor: { readonly kind: "api" | "person" | "system"; readonly name: string };
}

export interface UndoRun {
  readonly id: number;
  readonly connection: string;
  readonly state: string;
  readonly detail: UndoDetail;
}

const columns = "id::float8 as id, connection, state, detail";
const readRun = (row: Record<string, unknown>): UndoRun => ({
  id: Number(row.id),
  connection: String(row.connection),
  state: String(row.state),
  detail: row.detail as UndoDetail, // as `openUndo` wrote it
});

export async function openUndo(
  sql: Db,
  run: { connection: string; object: string | null; by: string; detail: UndoDetail },
): Promise<number> {
  const [row] = await sql.unsafe(
    `insert into runs (connection, object, kind, state, created_at, by, detail)
     values ($1, $2, 'undo', 'waiting', kobling_now(), $3, $4::text::json) returning id::float8 as id`,
    [run.connection, run.object, run.by, JSON.stringify(run.detail)],
  );
  return Number(row?.id);
}

/** Undo runs that are not over: those that wait, and those whose worker may have died; oldest first. */
export async function findOpenUndos(sql: Db): Promise<number[]> {
  const rows = await sql.unsafe(
    "select id::float8 as id from runs where kind = 'undo' and state in ('waiting', 'running') order by runs.id",
  );
  return rows.map((row) => Number(row.id));
}

/** The run, locked until the transaction ends: two workers of one undo take turns. */
export async function lockUndo(tx: Tx, id: number): Promise<UndoRun | undefined> {
  const [row] = await tx.unsafe(`select ${columns} from runs where id = $1 and kind = 'undo' for update`, [id]);
  return row === undefined ? undefined : readRun(row);
}

/**
 * Writes down the records that the undo has to look at; the history is gone through once for it, whatever the number of
 * batches, so that writing history needs no index for this.
 */
export async function seedUndo(tx: Tx, run: UndoRun): Promise<void> {
  const { where, values } = writtenBy(run.detail.undoes, 2);
  await tx.unsafe(
    `insert into run_items (run_id, object, external_id, entity_id)
     select distinct $1::bigint, h.entity, h.entity_id::text, h.entity_id from history h where ${where}
     on conflict do nothing`,
    [run.id, ...values],
  );
  await tx.unsafe(
    "update runs set state = 'running', started_at = kobling_now(), counts = '{\"read\": 0}' where id = $1",
    [run.id],
  );
}

export interface Waiting {
  readonly entity: EntityKind;
  readonly entityId: string;
}

/** The next records of an undo, emner before contacts. They stand until their outcome is written. */
export async function nextOfUndo(tx: Tx, runId: number, limit: number): Promise<Waiting[]> {
  const rows = await tx.unsafe(
    `select object as entity, entity_id from run_items where run_id = $1 and plan is null
     order by object desc, external_id limit $2`,
    [runId, limit],
  );
  return rows.map((row) => ({ entity: row.entity as EntityKind, entityId: String(row.entity_id) }));
}

/** What became of a unit of a record, or of the record as a whole (`*`). Names only: values stand in history. */
export interface UndoItem {
  readonly entity: EntityKind;
  readonly entityId: string;
  readonly unit: string;
  readonly version: number | null;
  readonly plan: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Replaces records that waited by what became of them. */
export async function writeUndoItems(
  tx: Tx,
  runId: number,
  done: readonly Waiting[],
  items: readonly UndoItem[],
): Promise<void> {
  await tx.unsafe("delete from run_items where run_id = $1 and plan is null and external_id = any($2::text[])", [
    runId,
    done.map((each) => each.entityId),
  ]);
  const rows = items.map((item) => ({
    object: item.entity,
    external_id: `${item.entityId}/${item.unit}`,
    entity_id: item.entityId,
    entity_version: item.version,
    plan: item.plan,
    detail: item.detail,
  }));
  await tx.unsafe(
    `insert into run_items (run_id, object, external_id, entity_id, entity_version, plan, detail)
     select $1, object, external_id, entity_id, entity_version, plan, detail
     from json_to_recordset($2::text::json) as x(object text, external_id text, entity_id uuid, entity_version bigint, plan text, detail json)
     on conflict do nothing`,
    [runId, JSON.stringify(rows)],
  );
}

/** Which of these records this undo has archived, or would. */
export async function archivedByUndo(tx: Tx, runId: number, entityIds: readonly string[]): Promise<Set<string>> {
  if (entityIds.length === 0) return new Set();
  const rows = await tx.unsafe(
    "select entity_id from run_items where run_id = $1 and object = 'kundeemne' and external_id = any($2::text[]) and plan = 'archived'",
    [runId, entityIds.map((id) => `${id}/*`)],
  );
  return new Set(rows.map((row) => String(row.entity_id)));
}

/** The versions of records from the first that is to be undone, oldest first. */
export async function loadVersions(
  tx: Tx,
  run: UndoRun,
  entityIds: readonly string[],
): Promise<Map<string, PastVersion[]>> {
  const versions = new Map<string, PastVersion[]>();
  if (entityIds.length === 0) return versions;
  const { where, values } = writtenBy(run.detail.undoes, 3);
  const rows = await tx.unsafe(
    `with mine as (select h.entity_id, min(h.version) as first from history h
       where h.entity_id = any($2::uuid[]) and ${where} group by h.entity_id)
     select h.entity_id, h.version::float8 as version, h.kind, h.fields, h.by->>'connection' as connection, h.by->>'object' as object, h.run_id = $1::bigint as undoing, coalesce(${where}, false) as mine
     from mine join history h on h.entity_id = mine.entity_id and h.version >= mine.first
     order by h.entity_id, h.version`,
    [run.id, [...entityIds], ...values],
  );
  for (const row of rows) {
    const id = String(row.entity_id);
    const known = versions.get(id) ?? [];
    versions.set(id, known);
    known.push({
      version: Number(row.version),
      kind: String(row.kind),
      mine: row.mine === true,
      undoing: row.undoing === true,
      fields: row.fields as FieldChanges, // as `appendHistory` wrote them
      from:
        row.connection === null || row.object === null
          ? null
          : { connection: String(row.connection), object: String(row.object) },
    });
  }
  return versions;
}

/** The condition on a row `h` of history that the target means; its parameters begin at `$first`. */
function writtenBy(target: UndoTarget, first: number): { where: string; values: (string | number)[] } {
  const values: (string | number)[] = [];
  const parts: string[] = [];
  const add = (value: string | number | undefined, part: (place: string) => string): void => {
    if (value === undefined) return;
    parts.push(part(`$${first + values.length}`));
    values.push(value);
  };
  add(target.run, (place) => `h.run_id = ${place}::bigint`);
  add(target.connection, (place) => `h.by->>'connection' = ${place}`);
  add(target.object, (place) => `h.by->>'object' = ${place}`);
  add(target.mapping, (place) => `h.mapping_version = ${place}`);
  add(target.from, (place) => `h.at >= ${place}::timestamptz`);
  add(target.to, (place) => `h.at < ${place}::timestamptz`);
  if (parts.length === 0) throw new Error("An undo names what it undoes");
  return { where: parts.join(" and "), values };
}
