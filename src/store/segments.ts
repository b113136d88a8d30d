import type { Criterion } from "../model/criteria.ts";
import type { Channel } from "../rules/consent-facts.ts";
import type { Approach } from "../rules/eligibility.ts";
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
  /** Its members follow every change; else it must be run first. */
  readonly isFollowed: boolean;
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
  coalesce(s.followed_version = s.version, false) as is_followed`;
const withMembers = `${columns}, (select count(*)::int from segment_members m where m.segment_id = s.id) as members`;

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
  isFollowed: row.is_followed === true,
  createdAt: String(row.created_at),
  createdBy: String(row.created_by),
  updatedAt: String(row.updated_at),
  members: Number(row.members ?? 0),
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
  const [row] = await sql.unsafe(`select ${withMembers} from segments s where s.id = $1::uuid`, [id]);
  return row && readSegment(row);
}

export async function listSegments(sql: Sql): Promise<Segment[]> {
  return (await sql.unsafe(`select ${withMembers} from segments s order by s.name, s.id`)).map(readSegment);
}

/** Segments whose members are kept up to date, without their counts. */
export async function followedSegments(sql: Db): Promise<Segment[]> {
  const rows = await sql.unsafe(
    `select ${columns} from segments s where s.followed_version = s.version order by s.id`,
    [],
    { prepare: true },
  );
  return rows.map(readSegment);
}

/** Nobody can say whom a change concerns: these must be run before their members are right again. */
export async function unfollow(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.unsafe("update segments set followed_version = null where id = any($1::uuid[])", [[...ids]]);
}

/**
 * Segments that were run once and must be again: those not followed any more, and those last run on another day in Copenhagen, since
 * a criterion may speak of today, and a verdict of dates.
 */
export async function dueSegments(sql: Db): Promise<string[]> {
  const day = (instant: string): string => `(${instant} at time zone 'Europe/Copenhagen')::date`;
  const rows = await sql.unsafe(
    `select id from segments where run > 0 and (followed_version is null or ${day("ran_at")} <> ${day("kobling_now()")}) order by id`,
  );
  return rows.map((row) => String(row.id));
}

/** Begins a run of each: with its number. From then on its members are followed (src/pipelines/follow-segments.ts). */
export async function beginRuns(tx: Tx, ids: readonly string[]): Promise<Segment[]> {
  const rows = await tx.unsafe(
    `update segments s set run = run + 1, ran_at = kobling_now(), followed_version = version where id = any($1::uuid[]) returning ${columns}`,
    [[...ids]],
  );
  return rows.map(readSegment);
}

export async function countMembers(sql: Db, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql.unsafe(
    "select segment_id, count(*)::int as n from segment_members where segment_id = any($1::uuid[]) group by segment_id",
    [[...ids]],
  );
  return new Map(rows.map((row) => [String(row.segment_id), Number(row.n)]));
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
