import type { Db, Sql } from "./database.ts";
import type { Stamp } from "./hand-over-batches.ts";
import { instantText } from "./read-columns.ts";

export interface NewExport {
  readonly id: string;
  readonly segmentId: string;
  readonly channel: string;
  readonly purpose: string;
  readonly sender: string;
  readonly why: string;
  readonly recipient: string;
  readonly format: string;
  readonly encoding: string;
  readonly fields: readonly string[];
  readonly connection: string | null;
  readonly fileName: string;
  readonly by: string;
}

export interface StoredExport extends NewExport {
  readonly state: "running" | "done" | "failed";
  readonly records: number;
  readonly replaced: number;
  readonly at: string;
  readonly endedAt: string | null;
}

const columns = `x.id, x.segment_id, x.channel, x.purpose, x.sender, x.why, x.recipient, x.format, x.encoding, x.fields, x.connection, x.file_name,
  x.state, x.replaced, x.by, ${instantText("x.at")} as at, ${instantText("x.ended_at")} as ended_at,
  (select count(*)::int from export_records r where r.export_id = x.id) as records`;

// The casts read what `addExport` wrote from the same types.
const readExport = (row: Record<string, unknown>): StoredExport => ({
  id: String(row.id),
  segmentId: String(row.segment_id),
  channel: String(row.channel),
  purpose: String(row.purpose),
  sender: String(row.sender),
  why: String(row.why),
  recipient: String(row.recipient),
  format: String(row.format),
  encoding: String(row.encoding),
  fields: row.fields as string[],
  connection: row.connection as string | null,
  fileName: String(row.file_name),
  state: row.state as StoredExport["state"],
  records: Number(row.records),
  replaced: Number(row.replaced),
  by: String(row.by),
  at: String(row.at),
  endedAt: row.ended_at as string | null,
});

export async function addExport(sql: Sql, wish: NewExport): Promise<void> {
  await sql.unsafe(
    `insert into exports (id, segment_id, channel, purpose, sender, why, recipient, format, encoding, fields, connection, file_name, state, by, at)
     values ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8, $9, $10::text[], $11, $12, 'running', $13, kobling_now())`,
    [
      ...[wish.id, wish.segmentId, wish.channel, wish.purpose, wish.sender, wish.why, wish.recipient, wish.format],
      ...[wish.encoding, [...wish.fields], wish.connection, wish.fileName, wish.by],
    ],
  );
}

export async function endExport(sql: Sql, id: string, state: "done" | "failed", replaced: number): Promise<void> {
  await sql.unsafe(
    "update exports set state = $2, replaced = $3, ended_at = kobling_now() where id = $1::uuid and state = 'running'",
    [id, state, replaced],
  );
}

export async function findExport(sql: Db, id: string): Promise<StoredExport | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from exports x where x.id = $1::uuid`, [id]);
  return row && readExport(row);
}

/** The newest first. */
export async function listExports(sql: Sql, after: string | null, limit: number): Promise<StoredExport[]> {
  const rows = await sql.unsafe(
    `select ${columns} from exports x where $1::uuid is null or x.id < $1::uuid order by x.id desc limit $2`,
    [after, limit],
  );
  return rows.map(readExport);
}

export interface ExportedRecord {
  readonly entityId: string;
  readonly kundeemneId: string;
}

/**
 * Hands out: logs who goes into the file, in the one statement that asks once more whether anything that the verdicts rest upon has moved
 * (S62). Gives who does; the others stay out.
 */
export async function logExported(
  sql: Sql,
  exportId: string,
  members: readonly (Stamp & ExportedRecord)[],
): Promise<Set<string>> {
  if (members.length === 0) return new Set();
  const rows = await sql.unsafe(
    `insert into export_records (export_id, entity_id, kundeemne_id)
     select $1::uuid, j."entityId", j."kundeemneId"
     from json_to_recordset($2::text::json) as j(address text, record text, contact text, facts int, "entityId" uuid, "kundeemneId" uuid)
     where exists (select 1 from kundeemner k where k.id = j."kundeemneId" and k.xmin::text = j.record)
       and (j."entityId" = j."kundeemneId" or exists (select 1 from kontaktpersoner p where p.id = j."entityId" and p.xmin::text = j.contact))
       and (select count(*) from consents f where f.address = j.address) = j.facts
       and not exists (select 1 from kundeemner b where lower(b.bogholderi_email) = j.address)
     on conflict do nothing returning entity_id`,
    [exportId, JSON.stringify(members)],
  );
  return new Set(rows.map(({ entity_id }) => String(entity_id)));
}

/** Who stands in a file, in order of id; a page. */
export async function pageExported(
  sql: Sql,
  exportId: string,
  after: string | null,
  limit: number,
): Promise<ExportedRecord[]> {
  const rows = await sql.unsafe(
    `select entity_id, kundeemne_id from export_records where export_id = $1::uuid and ($2::uuid is null or entity_id > $2::uuid)
     order by entity_id limit $3`,
    [exportId, after, limit],
  );
  return rows.map((row) => ({ entityId: String(row.entity_id), kundeemneId: String(row.kundeemne_id) }));
}
