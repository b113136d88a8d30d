import { kundeemneCatalogue } from "../model/catalogue.ts";
import type { Criterion } from "../model/criteria.ts";
import { criterionSql } from "./criteria-sql.ts";
import type { Db } from "./database.ts";
import type { Candidate, Segment, SegmentLevel } from "./segments.ts";

/** Below every id, and above. */
const FIRST = "00000000-0000-0000-0000-000000000000";
const LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** Those whom nobody may contact at all are no candidates. */
const ALIVE = "e.erased_at is null and e.merged_into is null and coalesce(e.arkiveret_vaerdi, false) = false";

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
  const after = wanted.after ?? FIRST;
  const alive = sql.unsafe(ALIVE);
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

/** Records and contacts that have moved; contacts of moved records go with them. */
export interface Touched {
  readonly kundeemner: readonly string[];
  readonly contacts: readonly string[];
}

/** Somebody who meets criteria: places of the segments, from 0. */
export interface Met extends Candidate {
  readonly segments: readonly number[];
}

/** Which of these segments, all of one level, the criteria let whom into, of those that have moved. One statement, each row read once. */
export async function meetingOf(
  sql: Db,
  level: SegmentLevel,
  segments: readonly Pick<Segment, "criterion">[],
  { kundeemner, contacts }: Touched,
): Promise<Met[]> {
  if (segments.length === 0) return [];
  const met = metOf(sql, segments);
  const alive = sql.unsafe(ALIVE);
  const emner = sql`string_to_array(${kundeemner.join(",")}::text, ',')::uuid[]`;
  const rows =
    level === "kundeemne"
      ? await sql<
          MetRow[]
        >`select e.id, e.id as kundeemne_id, ${met} as met from kundeemner e where e.id = any(${emner}) and ${alive}`
      : await sql<MetRow[]>`
          select p.id, p.kundeemne_id, ${met} as met from kontaktpersoner p join kundeemner e on e.id = p.kundeemne_id
          where ${alive} and p.erased_at is null and p.id = any(array(
            select unnest(string_to_array(${contacts.join(",")}::text, ',')::uuid[])
            union select c.id from unnest(${emner}) k(id) cross join lateral (select id from kontaktpersoner where kundeemne_id = k.id offset 0) c))`;
  return rows.map((row) => ({ entityId: row.id, kundeemneId: row.kundeemne_id, segments: row.met }));
}

/** People by their ids: after one, up to and with another. */
export interface Stretch {
  readonly after: string;
  readonly upTo: string;
}

/** Stretches of so many rows that together hold every id there can be. */
export async function stretchesOf(sql: Db, level: SegmentLevel, rows: number): Promise<Stretch[]> {
  const table = level === "kundeemne" ? "kundeemner" : "kontaktpersoner";
  const ends = await sql.unsafe(
    `select id from (select id, row_number() over (order by id) as n from ${table}) numbered where n % $1::int = 0 order by id`,
    [rows],
  );
  const upTo = [...ends.map((row) => String(row.id)), LAST];
  return upTo.map((end, at) => ({ after: upTo[at - 1] ?? FIRST, upTo: end }));
}

/** The same as `meetingOf` for everybody of a stretch. Who meets nothing is left out. */
export async function meetingWithin(
  sql: Db,
  level: SegmentLevel,
  segments: readonly Pick<Segment, "criterion">[],
  { after, upTo }: Stretch,
): Promise<Met[]> {
  if (segments.length === 0) return [];
  const [met, alive] = [metOf(sql, segments), sql.unsafe(ALIVE)];
  const rows =
    level === "kundeemne"
      ? await sql<MetRow[]>`
          select * from (select e.id, e.id as kundeemne_id, ${met} as met from kundeemner e
            where e.id > ${after}::text::uuid and e.id <= ${upTo}::text::uuid and ${alive} offset 0) x where met <> '{}'`
      : await sql<MetRow[]>`
          select * from (select p.id, p.kundeemne_id, ${met} as met from kontaktpersoner p
            cross join lateral (select * from kundeemner where id = p.kundeemne_id offset 0) e
            where p.id > ${after}::text::uuid and p.id <= ${upTo}::text::uuid and p.erased_at is null and ${alive} offset 0) x where met <> '{}'`;
  return rows.map((row) => ({ entityId: row.id, kundeemneId: row.kundeemne_id, segments: row.met }));
}

/** Places of the segments whose criterion a row `e` meets. */
function metOf(sql: Db, segments: readonly Pick<Segment, "criterion">[]) {
  const cases = segments.map(
    ({ criterion }, at) =>
      sql`case when ${criterionSql(sql, kundeemneCatalogue, criterion)} then ${sql.unsafe(String(at))} end`,
  );
  return sql`array_remove(array[${cases.reduce((all, each) => sql`${all}, ${each}`)}]::int[], null)`;
}

interface MetRow {
  readonly id: string;
  readonly kundeemne_id: string;
  readonly met: number[];
}

export interface Place extends Candidate {
  readonly segmentId: string;
  readonly why: string;
}

/** Of those who have moved: who is a member where, and who is wished for where (`wished`). One statement. */
export async function placesOf(sql: Db, { kundeemner, contacts }: Touched): Promise<Place[]> {
  const rows = await sql.unsafe(
    `with moved as materialized (
       select unnest($1::uuid[]) as id union select unnest($2::uuid[])
       union select c.id from unnest($1::uuid[]) k(id) cross join lateral (select id from kontaktpersoner where kundeemne_id = k.id offset 0) c)
     select m.segment_id, m.entity_id, m.kundeemne_id, m.why from moved v
     cross join lateral (select * from segment_members where entity_id = v.id offset 0) m
     union all
     select w.segment_id, w.entity_id, coalesce(p.kundeemne_id, k.id), 'wished' from segment_wishes w
     left join kontaktpersoner p on p.id = w.entity_id left join kundeemner k on k.id = w.entity_id
     where w.entity_id in (select id from moved) and coalesce(p.kundeemne_id, k.id) is not null`,
    [[...kundeemner], [...contacts]],
    { prepare: true },
  );
  return rows.map((row) => ({
    segmentId: String(row.segment_id),
    entityId: String(row.entity_id),
    kundeemneId: String(row.kundeemne_id),
    why: String(row.why),
  }));
}

/** The same of a stretch, at these segments. One statement. */
export async function placesWithin(
  sql: Db,
  segments: readonly Pick<Segment, "id">[],
  level: SegmentLevel,
  { after, upTo }: Stretch,
): Promise<Place[]> {
  const owner = level === "kundeemne" ? "w.entity_id" : "p.kundeemne_id";
  const rows = await sql
    .unsafe(
      `select m.segment_id, m.entity_id, m.kundeemne_id, m.why from segment_members m
       where m.segment_id = any($1::uuid[]) and m.entity_id > $2::uuid and m.entity_id <= $3::uuid
       union all
       select w.segment_id, w.entity_id, ${owner}, 'wished' from segment_wishes w
       ${level === "kundeemne" ? "" : "join kontaktpersoner p on p.id = w.entity_id"}
       where w.segment_id = any($1::uuid[]) and w.entity_id > $2::uuid and w.entity_id <= $3::uuid`,
      [segments.map(({ id }) => id), after, upTo],
    )
    .values();
  return rows.map(([segmentId, entityId, kundeemneId, why]) => ({ segmentId, entityId, kundeemneId, why }));
}
