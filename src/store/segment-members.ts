import type { Sql, Tx } from "./database.ts";
import type { Candidate, Member } from "./segments.ts";

/** Any number will do, as long as every version of Kobling takes the same. */
const MEMBERS_LOCK = 0x73_65_67_6d;

/**
 * Until the transaction ends nobody else works out members. Whoever reads records after this and writes members before the end
 * cannot overwrite what follows from a newer state.
 */
export async function lockMembers(tx: Tx): Promise<void> {
  await tx.unsafe("select pg_advisory_xact_lock($1::bigint)", [MEMBERS_LOCK], { prepare: true });
}

/**
 * The same for a handful of people, again and again on one connection: plans are kept, and go by indexes whatever a table held when they
 * were made, since planning costs more than what there is to do.
 */
export async function lockMembersBriefly(tx: Tx): Promise<void> {
  await tx.unsafe(
    `select set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true), pg_advisory_xact_lock($1::bigint)`,
    [MEMBERS_LOCK],
    { prepare: true },
  );
}

/** The same, with others that work out members of other people meanwhile: the stretches of one run. */
export async function shareMembers(tx: Tx): Promise<void> {
  await tx.unsafe("select pg_advisory_xact_lock_shared($1::bigint)", [MEMBERS_LOCK], { prepare: true });
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
  readonly why: Member["why"];
  /** Told of whoever was not in before; `why` where it is left out. */
  readonly reason?: Member["why"];
}

/** Takes candidates in; who was not in before is told as added. Gives how many those are, by segment. One statement for all that come in alike. */
export async function takeIn(tx: Tx, members: readonly NewMember[]): Promise<Map<string, number>> {
  const added = new Map<string, number>();
  for (const alike of Map.groupBy(members, ({ why, reason = why }) => `${why} ${reason}`).values()) {
    const [first] = alike;
    if (first === undefined) continue;
    const segments = [...new Set(alike.map(({ segmentId }) => segmentId))];
    const places = new Map(segments.map((id, at) => [id, at + 1]));
    const rows = await tx.unsafe(
      // Ids in one text, and segments by their place: a run sends millions.
      `with wanted as (select ($1::uuid[])[s] as segment_id, entity_id, kundeemne_id
         from unnest(string_to_array($2, ',')::int[], string_to_array($3, ',')::uuid[], string_to_array($4, ',')::uuid[]) x(s, entity_id, kundeemne_id)),
       put as (
         insert into segment_members (segment_id, entity_id, kundeemne_id, why, since)
         select segment_id, entity_id, kundeemne_id, $5, kobling_now() from wanted
         on conflict (segment_id, entity_id) do update set why = excluded.why, kundeemne_id = excluded.kundeemne_id
         returning segment_id, entity_id, (xmax = 0) as is_new),
       told as (
         insert into segment_events (segment_id, entity_id, change, reason, at)
         select segment_id, entity_id, 'added', $6, kobling_now() from put where is_new returning segment_id)
       select segment_id, count(*)::int as n from told group by segment_id`,
      [
        ...[segments, alike.map(({ segmentId }) => places.get(segmentId)).join(",")],
        ...[alike.map(({ entityId }) => entityId).join(","), alike.map(({ kundeemneId }) => kundeemneId).join(",")],
        ...[first.why, first.reason ?? first.why],
      ],
      { prepare: true },
    );
    for (const row of rows) added.set(String(row.segment_id), (added.get(String(row.segment_id)) ?? 0) + Number(row.n));
  }
  return added;
}

export interface GoneMember {
  readonly segmentId: string;
  readonly entityId: string;
  readonly reason: string;
}

/** Puts members out, each with its reason; who was not in is not told. Gives how many were, by segment. One statement. */
export async function putOut(tx: Sql | Tx, out: readonly GoneMember[]): Promise<Map<string, number>> {
  if (out.length === 0) return new Map();
  const rows = out.map(({ segmentId, entityId, reason }) => ({ segmentId, entityId, reason }));
  const gone = await tx.unsafe(
    `with wanted as (select * from json_to_recordset($1::text::json) as x("segmentId" uuid, "entityId" uuid, reason text)),
     gone as (
       delete from segment_members m using wanted w where m.segment_id = w."segmentId" and m.entity_id = w."entityId"
       returning m.segment_id, m.entity_id, w.reason),
     told as (
       insert into segment_events (segment_id, entity_id, change, reason, at)
       select segment_id, entity_id, 'removed', reason, kobling_now() from gone returning segment_id)
     select segment_id, count(*)::int as n from told group by segment_id`,
    [JSON.stringify(rows)],
    { prepare: true },
  );
  return new Map(gone.map((row) => [String(row.segment_id), Number(row.n)]));
}
