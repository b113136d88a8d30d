import type { Sql, Tx } from "./database.ts";
import type { Candidate, Member, Segment } from "./segments.ts";

/** Any number will do, as long as every version of Kobling takes the same. */
const MEMBERS_LOCK = 0x73_65_67_6d;

/**
 * Until the transaction ends nobody else works out members. Whoever reads records after this and writes members before the end
 * cannot overwrite what follows from a newer state.
 */
export async function lockMembers(tx: Tx): Promise<void> {
  await tx.unsafe("select pg_advisory_xact_lock($1::bigint)", [MEMBERS_LOCK], { prepare: true });
}

/** Whom persons want in. */
export async function loadWishes(sql: Sql | Tx, segment: Pick<Segment, "id" | "level">): Promise<Candidate[]> {
  const kundeemne = segment.level === "kundeemne" ? "w.entity_id" : "p.kundeemne_id";
  const rows = await sql.unsafe(
    `select w.entity_id, ${kundeemne} as kundeemne_id from segment_wishes w
     ${segment.level === "kundeemne" ? "" : "join kontaktpersoner p on p.id = w.entity_id"}
     where w.segment_id = $1::uuid order by w.entity_id`,
    [segment.id],
  );
  return rows.map((row) => ({ entityId: String(row.entity_id), kundeemneId: String(row.kundeemne_id) }));
}

export async function addWish(sql: Sql | Tx, segmentId: string, entityId: string, by: string): Promise<void> {
  await sql.unsafe(
    `insert into segment_wishes (segment_id, entity_id, by, at) values ($1::uuid, $2::uuid, $3, kobling_now()) on conflict do nothing`,
    [segmentId, entityId, by],
  );
}

export async function dropWish(sql: Sql | Tx, segmentId: string, entityId: string): Promise<boolean> {
  return (
    (
      await sql.unsafe("delete from segment_wishes where segment_id = $1::uuid and entity_id = $2::uuid returning 1", [
        segmentId,
        entityId,
      ])
    ).length > 0
  );
}

export interface NewMember extends Candidate {
  readonly segmentId: string;
  readonly run: number;
  readonly why: Member["why"];
  /** Told of whoever was not in before; `why` where it is left out. */
  readonly reason?: Member["why"];
}

/** Takes candidates in under a run; who was not in before is told as added. Gives how many those are. One statement. */
export async function takeIn(tx: Tx, members: readonly NewMember[]): Promise<number> {
  if (members.length === 0) return 0;
  const rows = members.map(({ segmentId, entityId, kundeemneId, run, why, reason = why }) => ({
    ...{ segmentId, entityId, kundeemneId, run, why, reason },
  }));
  const [row] = await tx.unsafe(
    `with wanted as (select * from json_to_recordset($1::text::json)
       as x("segmentId" uuid, "entityId" uuid, "kundeemneId" uuid, run int, why text, reason text)),
     put as (
       insert into segment_members (segment_id, entity_id, kundeemne_id, why, run, since)
       select "segmentId", "entityId", "kundeemneId", why, run, kobling_now() from wanted
       on conflict (segment_id, entity_id) do update set run = excluded.run, why = excluded.why, kundeemne_id = excluded.kundeemne_id
       returning segment_id, entity_id, (xmax = 0) as is_new),
     told as (
       insert into segment_events (segment_id, entity_id, change, reason, at)
       select p.segment_id, p.entity_id, 'added', w.reason, kobling_now() from put p
       join wanted w on w."segmentId" = p.segment_id and w."entityId" = p.entity_id where p.is_new
       order by p.segment_id, p.entity_id returning 1)
     select count(*)::int as n from told`,
    [JSON.stringify(rows)],
  );
  return Number(row?.n ?? 0);
}

export interface GoneMember {
  readonly segmentId: string;
  readonly entityId: string;
  readonly reason: string;
}

/** Puts members out, each with its reason; who was not in is not told. Gives how many were. One statement. */
export async function putOut(tx: Sql | Tx, out: readonly GoneMember[]): Promise<number> {
  if (out.length === 0) return 0;
  const rows = out.map(({ segmentId, entityId, reason }) => ({ segmentId, entityId, reason }));
  const [row] = await tx.unsafe(
    `with wanted as (select * from json_to_recordset($1::text::json) as x("segmentId" uuid, "entityId" uuid, reason text)),
     gone as (
       delete from segment_members m using wanted w where m.segment_id = w."segmentId" and m.entity_id = w."entityId"
       returning m.segment_id, m.entity_id, w.reason),
     told as (
       insert into segment_events (segment_id, entity_id, change, reason, at)
       select segment_id, entity_id, 'removed', reason, kobling_now() from gone order by segment_id, entity_id returning 1)
     select count(*)::int as n from told`,
    [JSON.stringify(rows)],
  );
  return Number(row?.n ?? 0);
}

/** Puts out whom this run did not meet any more. Gives how many those are. */
export async function putOutOlder(tx: Tx, segmentId: string, run: number): Promise<number> {
  const [row] = await tx.unsafe(
    `with gone as (delete from segment_members where segment_id = $1::uuid and run < $2 returning entity_id),
     told as (
       insert into segment_events (segment_id, entity_id, change, reason, at)
       select $1::uuid, entity_id, 'removed', 'criterion', kobling_now() from gone returning 1)
     select count(*)::int as n from told`,
    [segmentId, run],
  );
  return Number(row?.n ?? 0);
}
