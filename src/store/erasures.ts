import type { Db, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

/** What another system has of the person, and what becomes of it there. */
export interface Receipt {
  readonly connection: string;
  readonly object: string;
  /** Sealed; gone when it is done. */
  readonly sealedId: string | null;
  /** `open`: somebody is to erase it there. `kept`: the law has it kept, until `keepUntil`. `told`: the tool is told to remove it. `done`. */
  readonly state: "open" | "kept" | "told" | "done";
  readonly why: "bookkeeping" | "not_ours_to_erase" | "audience" | "file";
  /** A day; null: nothing has it kept. */
  readonly keepUntil: string | null;
  readonly doneAt: string | null;
  readonly doneBy: string | null;
}

export interface Erasure {
  readonly id: string;
  readonly entity: "kundeemne" | "kontaktperson";
  readonly entityId: string;
  readonly entityIds: readonly string[];
  readonly ground: string;
  readonly by: string;
  readonly at: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly receipts: readonly Receipt[];
}

const columns = `e.id, e.entity, e.entity_id, e.entity_ids, e.ground, e.by, ${instantText("e.at")} as at, e.counts, e.receipts`;

const readErasure = (row: Record<string, unknown>): Erasure => ({
  id: String(row.id),
  entity: row.entity as Erasure["entity"], // as `addErasure` wrote it
  entityId: String(row.entity_id),
  entityIds: row.entity_ids as string[],
  ground: String(row.ground),
  by: String(row.by),
  at: String(row.at),
  counts: row.counts as Erasure["counts"],
  receipts: row.receipts as Receipt[],
});

const openOf = (receipts: readonly Receipt[]): number => receipts.filter(({ state }) => state !== "done").length;

export async function addErasure(tx: Tx, erasure: Omit<Erasure, "at">): Promise<Erasure> {
  const { id, entity, entityId, entityIds, ground, by, counts, receipts } = erasure;
  const [row] = await tx.unsafe(
    `insert into erasures as e (id, entity, entity_id, entity_ids, ground, by, at, counts, receipts, open)
     values ($1::uuid, $2, $3::uuid, $4::uuid[], $5, $6, kobling_now(), $7::text::json, $8::text::json, $9::int) returning ${columns}`,
    [
      ...[id, entity, entityId, [...entityIds], ground, by],
      ...[JSON.stringify(counts), JSON.stringify(receipts), openOf(receipts)],
    ],
  );
  if (row === undefined) throw new Error("An erasure was not written");
  return readErasure(row);
}

/** The erasure that a record went in, by its id or that of a record erased with it. */
export async function findErasureOf(sql: Db, entityId: string): Promise<Erasure | undefined> {
  const [row] = await sql.unsafe(
    `select ${columns} from erasures e where $1::uuid = any(e.entity_ids) order by e.at desc limit 1`,
    [entityId],
  );
  return row && readErasure(row);
}

export async function findErasure(sql: Db, id: string, lock = false): Promise<Erasure | undefined> {
  const [row] = await sql.unsafe(
    `select ${columns} from erasures e where e.id = $1::uuid ${lock ? "for update" : ""}`,
    [id],
  );
  return row && readErasure(row);
}

/** Newest first; `open`: only those of which something is still to be done. */
export async function listErasures(
  sql: Db,
  query: { readonly open: boolean; readonly after: readonly [string, string] | undefined; readonly limit: number },
): Promise<Erasure[]> {
  const rows = await sql.unsafe(
    `select ${columns} from erasures e where ($1::boolean is false or e.open > 0)
       and ($2::timestamptz is null or (e.at, e.id) < ($2::timestamptz, $3::uuid)) order by e.at desc, e.id desc limit $4`,
    [query.open, query.after?.[0] ?? null, query.after?.[1] ?? null, query.limit],
  );
  return rows.map(readErasure);
}

export async function setReceipts(tx: Tx, id: string, receipts: readonly Receipt[]): Promise<void> {
  await tx.unsafe("update erasures set receipts = $2::text::json, open = $3::int where id = $1::uuid", [
    ...[id, JSON.stringify(receipts), openOf(receipts)],
  ]);
}
