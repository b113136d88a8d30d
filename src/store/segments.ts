import { kundeemneCatalogue } from "../model/catalogue.ts";
import type { Criterion } from "../model/criteria.ts";
import type { Channel } from "../rules/consent-facts.ts";
import type { Approach } from "../rules/eligibility.ts";
import { criterionSql } from "./criteria-sql.ts";
import type { Db, Sql, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export const segmentLevels = ["kundeemne", "kontaktperson"] as const;
export type SegmentLevel = (typeof segmentLevels)[number];

export interface SegmentWish {
  readonly name: string;
  readonly level: SegmentLevel;
  readonly criterion: Criterion;
  readonly channel: Channel;
  readonly purpose: Approach["purpose"];
  readonly sender: Approach["sender"];
}

export interface Segment extends SegmentWish {
  readonly id: string;
  readonly version: number;
  readonly run: number;
  readonly ranAt: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly updatedAt: string;
  readonly members: number;
}

/** Somebody who may be a member: the record, or one of its contacts. */
export interface Candidate {
  readonly entityId: string;
  readonly kundeemneId: string;
}

export interface Member extends Candidate {
  readonly why: "criterion" | "manual";
  readonly since: string;
}

export interface SegmentEvent {
  readonly id: number;
  readonly entityId: string;
  readonly change: "added" | "removed";
  readonly reason: string;
  readonly at: string;
}

const columns = `s.id, s.name, s.level, s.criterion, s.channel, s.purpose, s.sender, s.version, s.run, ${instantText("s.ran_at")} as ran_at,
  ${instantText("s.created_at")} as created_at, s.created_by, ${instantText("s.updated_at")} as updated_at,
  (select count(*)::int from segment_members m where m.segment_id = s.id) as members`;

// The casts read what `insertSegment` wrote from the same types.
const readSegment = (row: Record<string, unknown>): Segment => ({
  id: String(row.id),
  name: String(row.name),
  level: row.level as SegmentLevel,
  criterion: row.criterion as Criterion,
  channel: row.channel as Channel,
  purpose: row.purpose as Segment["purpose"],
  sender: row.sender as Segment["sender"],
  version: Number(row.version),
  run: Number(row.run),
  ranAt: row.ran_at as string | null,
  createdAt: String(row.created_at),
  createdBy: String(row.created_by),
  updatedAt: String(row.updated_at),
  members: Number(row.members),
});

export async function insertSegment(sql: Sql, id: string, wish: SegmentWish, by: string): Promise<void> {
  await sql.unsafe(
    `insert into segments (id, name, level, criterion, channel, purpose, sender, created_at, created_by, updated_at)
     values ($1::uuid, $2, $3, $4::text::json, $5, $6, $7, kobling_now(), $8, kobling_now())`,
    [id, wish.name, wish.level, JSON.stringify(wish.criterion), wish.channel, wish.purpose, wish.sender, by],
  );
}

/** Another wish under the same id: a new version. False: there is none of this id and level. */
export async function changeSegment(sql: Sql, id: string, wish: SegmentWish): Promise<boolean> {
  const changed = await sql.unsafe(
    `update segments set name = $2, criterion = $3::text::json, channel = $4, purpose = $5, sender = $6, version = version + 1, updated_at = kobling_now()
     where id = $1::uuid and level = $7 returning id`,
    [id, wish.name, JSON.stringify(wish.criterion), wish.channel, wish.purpose, wish.sender, wish.level],
  );
  return changed.length > 0;
}

export async function dropSegment(sql: Sql, id: string): Promise<boolean> {
  return await sql.begin(async (tx) => {
    for (const table of ["segment_members", "segment_wishes", "segment_events"])
      await tx.unsafe(`delete from ${table} where segment_id = $1::uuid`, [id]);
    return (await tx.unsafe("delete from segments where id = $1::uuid returning id", [id])).length > 0;
  });
}

export async function findSegment(sql: Sql | Tx, id: string): Promise<Segment | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from segments s where s.id = $1::uuid`, [id]);
  return row && readSegment(row);
}

export async function listSegments(sql: Sql): Promise<Segment[]> {
  return (await sql.unsafe(`select ${columns} from segments s order by s.name, s.id`)).map(readSegment);
}

/** Begins a run: its number. Runs of one segment follow one another; the transaction holds the place. */
export async function nextRun(tx: Tx, id: string): Promise<number> {
  const [row] = await tx.unsafe(
    "update segments set run = run + 1, ran_at = kobling_now() where id = $1::uuid returning run",
    [id],
  );
  return Number(row?.run ?? 0);
}

/** Who meets the criterion, in order of id, a page at a time. Those whom nobody may contact at all are left out here. */
export async function pageCandidates(
  sql: Db,
  wanted: {
    readonly level: SegmentLevel;
    readonly criterion: Criterion;
    readonly after: string | null;
    readonly limit: number;
  },
): Promise<Candidate[]> {
  const asked = criterionSql(sql, kundeemneCatalogue, wanted.criterion);
  const after = wanted.after ?? "00000000-0000-0000-0000-000000000000";
  const alive = sql`e.erased_at is null and e.merged_into is null and coalesce(e.arkiveret_vaerdi, false) = false`;
  const rows =
    wanted.level === "kundeemne"
      ? await sql<{ id: string; kundeemne_id: string }[]>`
          select e.id, e.id as kundeemne_id from kundeemner e where ${asked} and ${alive} and e.id > ${after}::text::uuid
          order by e.id limit ${wanted.limit}`
      : await sql<{ id: string; kundeemne_id: string }[]>`
          select p.id, p.kundeemne_id from kontaktpersoner p join kundeemner e on e.id = p.kundeemne_id
          where ${asked} and ${alive} and p.erased_at is null and p.id > ${after}::text::uuid order by p.id limit ${wanted.limit}`;
  return rows.map((row) => ({ entityId: row.id, kundeemneId: row.kundeemne_id }));
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

/** Takes candidates in under a run; who was not in before is told as added. Gives how many those are. One statement. */
export async function takeIn(
  tx: Tx,
  segmentId: string,
  run: number,
  why: Member["why"],
  candidates: readonly Candidate[],
): Promise<number> {
  if (candidates.length === 0) return 0;
  const [row] = await tx.unsafe(
    `with wanted as (select * from unnest($4::uuid[], $5::uuid[]) x(entity_id, kundeemne_id)),
     put as (
       insert into segment_members (segment_id, entity_id, kundeemne_id, why, run, since)
       select $1::uuid, entity_id, kundeemne_id, $3, $2, kobling_now() from wanted
       on conflict (segment_id, entity_id) do update set run = excluded.run, why = excluded.why returning entity_id, (xmax = 0) as is_new),
     told as (
       insert into segment_events (segment_id, entity_id, change, reason, at)
       select $1::uuid, entity_id, 'added', $3, kobling_now() from put where is_new returning 1)
     select count(*)::int as n from told`,
    [...[segmentId, run, why], candidates.map((each) => each.entityId), candidates.map((each) => each.kundeemneId)],
  );
  return Number(row?.n ?? 0);
}

/** Puts members out, each with its reason; who was not in is not told. Gives how many were. One statement. */
export async function putOut(
  tx: Sql | Tx,
  segmentId: string,
  out: readonly { readonly entityId: string; readonly reason: string }[],
): Promise<number> {
  if (out.length === 0) return 0;
  const [row] = await tx.unsafe(
    `with wanted as (select * from unnest($2::uuid[], $3::text[]) x(entity_id, reason)),
     gone as (
       delete from segment_members m using wanted w where m.segment_id = $1::uuid and m.entity_id = w.entity_id
       returning m.entity_id, w.reason),
     told as (
       insert into segment_events (segment_id, entity_id, change, reason, at)
       select $1::uuid, entity_id, 'removed', reason, kobling_now() from gone returning 1)
     select count(*)::int as n from told`,
    [segmentId, out.map((each) => each.entityId), out.map((each) => each.reason)],
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

export async function pageMembers(sql: Sql, segmentId: string, after: string | null, limit: number): Promise<Member[]> {
  const rows = await sql.unsafe(
    `select entity_id, kundeemne_id, why, ${instantText("since")} as since from segment_members
     where segment_id = $1::uuid and entity_id > $2::uuid order by entity_id limit $3`,
    [segmentId, after ?? "00000000-0000-0000-0000-000000000000", limit],
  );
  return rows.map((row) => ({
    entityId: String(row.entity_id),
    kundeemneId: String(row.kundeemne_id),
    why: row.why as Member["why"],
    since: String(row.since),
  }));
}

export async function pageEvents(sql: Sql, segmentId: string, after: number, limit: number): Promise<SegmentEvent[]> {
  const rows = await sql.unsafe(
    `select id::float8 as id, entity_id, change, reason, ${instantText("at")} as at from segment_events
     where segment_id = $1::uuid and id > $2::bigint order by id limit $3`,
    [segmentId, after, limit],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    entityId: String(row.entity_id),
    change: row.change as SegmentEvent["change"],
    reason: String(row.reason),
    at: String(row.at),
  }));
}
