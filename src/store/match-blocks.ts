import { kundeemneCatalogue, type Values } from "../model/catalogue.ts";
import type { Value } from "../model/field.ts";
import type { Db, Tx } from "./database.ts";

export interface BlockWrite {
  readonly id: string;
  readonly drop: readonly number[];
  readonly put: readonly number[];
}

/** Writes the keys of records, one statement for all. The rows of the records are locked or new. */
export async function writeBlocks(tx: Tx, writes: readonly BlockWrite[]): Promise<void> {
  const pairs = (pick: (write: BlockWrite) => readonly number[]): [number[], string[]] => {
    const [keys, ids]: [number[], string[]] = [[], []];
    for (const write of writes)
      for (const key of pick(write)) {
        keys.push(key);
        ids.push(write.id);
      }
    return [keys, ids];
  };
  const [dropped, from] = pairs((write) => write.drop);
  const [put, to] = pairs((write) => write.put);
  if (dropped.length > 0)
    await tx.unsafe(
      `delete from match_blocks b using unnest($1::int[], $2::uuid[]) x(key, id) where b.key = x.key and b.kundeemne_id = x.id`,
      [dropped, from],
      { prepare: true },
    );
  if (put.length > 0)
    await tx.unsafe(
      `insert into match_blocks (key, kundeemne_id) select * from unnest($1::int[], $2::uuid[]) on conflict do nothing`,
      [put, to],
      { prepare: true },
    );
}

/** What is looked for on behalf of the n-th of several. A record is found that has weights of 2 together. */
export interface BlockQuery {
  readonly n: number;
  readonly key: number;
  readonly weight: 1 | 2;
}

/** The n-th one's house, as `match_key` begins with it. */
export interface HouseQuery {
  readonly n: number;
  readonly house: string;
  /** Records with a CVR number are somebody else. */
  readonly withoutCvr: boolean;
}

/** A record with only what matching reads. */
export interface MatchRow {
  readonly id: string;
  readonly values: Values;
}

export interface Blocked extends MatchRow {
  readonly n: number;
}

/** Fields that matching reads (`factsOf` in src/pipelines/matching.ts). */
export const matchFields = [
  ...["cvrNr", "seNr", "pNumre", "krakId", "kobId", "tdcId", "googlePlaceId", "eanLokationsnr", "firmanavn"],
  ...["adresse1", "adresse2", "postnr", "landekode", "telefon", "emailDomaener", "kundetype"],
] as const;

const columns = matchFields.map((field) => [field, kundeemneCatalogue.columnOf.get(field) ?? field] as const);
const selected = columns.map(([, column]) => `k.${column}`).join(", ");
/** A key that more records share is nobody's mark (a telephone that somebody made up, an office hotel): it is passed over. */
export const MOST_IN_BLOCK = 100;

/**
 * Records that share keys or a house with any of several, with what matching reads of each: indexed look-ups, never all
 * with all. A record that several share is given once for each.
 */
export async function findBlocked(
  sql: Db,
  keys: readonly BlockQuery[],
  houses: readonly HouseQuery[],
): Promise<Blocked[]> {
  if (keys.length === 0 && houses.length === 0) return [];
  // Value by value (offset 0): before there are statistics the planner would read the whole table.
  const rows = await sql.unsafe(
    `with wanted as materialized (select * from unnest($1::int[], $2::int[], $3::int[]) w(n, key, weight)),
     -- Key by key, not asker by asker: those of one town share the sounds of its names.
     few as materialized (
       select w.key, found.id from (select distinct key from wanted) w cross join lateral
         (select kundeemne_id as id, count(*) over () as many from
            (select kundeemne_id from match_blocks where key = w.key limit ${MOST_IN_BLOCK + 1} offset 0) block) found
       where found.many <= ${MOST_IN_BLOCK}),
     shared as (
       select w.n, few.id, w.weight from wanted w join few on few.key = w.key
       union all
       select w.n, found.id, 2 from unnest($4::int[], $5::text[], $6::int[]) w(n, house, without_cvr) cross join lateral
         (select id, count(*) over () as many from
            (select id from kundeemner where match_key ~>=~ (w.house || '|') and match_key ~<~ (w.house || '}')
               and (cvr_nr is null or w.without_cvr = 0) limit ${MOST_IN_BLOCK + 1} offset 0) few) found
       where found.many <= ${MOST_IN_BLOCK}),
     met as (select n, id from shared group by n, id having sum(weight) >= 2)
     select met.n, k.id, ${selected} from met cross join lateral
       (select * from kundeemner where id = met.id and erased_at is null and merged_into is null offset 0) k`,
    [
      ...[keys.map(({ n }) => n), keys.map(({ key }) => key), keys.map(({ weight }) => weight)],
      ...[
        houses.map(({ n }) => n),
        houses.map(({ house }) => house),
        houses.map(({ withoutCvr }) => Number(withoutCvr)),
      ],
    ],
    { prepare: true },
  );
  return rows.map((row) => ({ n: Number(row.n), ...readMatchRow(row) }));
}

function readMatchRow(row: Readonly<Record<string, unknown>>): MatchRow {
  const values: Values = {};
  // Columns are typed by the catalogue, so each holds a Value.
  for (const [field, column] of columns) values[field] = (row[column] as Value | undefined) ?? null;
  return { id: String(row.id), values };
}

/** Records by id with what matching reads, and the keys that are stored of each. The erased and merged are left out. */
export async function loadMatchRows(
  sql: Db,
  ids: readonly string[],
  lock = false,
): Promise<(MatchRow & { readonly matchKey: string | null; readonly isActive: boolean })[]> {
  if (ids.length === 0) return [];
  const rows = await sql.unsafe(
    `select k.id, ${selected}, k.match_key, coalesce(k.arkiveret_vaerdi, false) or coalesce(k.begraenset_vaerdi, false) as closed
     from kundeemner k where k.id = any($1::uuid[]) and k.erased_at is null and k.merged_into is null
     order by k.id ${lock ? "for share" : ""}`,
    [[...ids]],
    { prepare: true },
  );
  return rows.map((row) => ({
    ...readMatchRow(row),
    matchKey: row.match_key as string | null,
    isActive: row.closed !== true,
  }));
}

/** Which of these keys are not stored: of records written before there were such keys. */
export async function missingBlocks(tx: Tx, wanted: readonly { id: string; key: number }[]): Promise<Set<string>> {
  if (wanted.length === 0) return new Set();
  const rows = await tx.unsafe(
    `select x.id from unnest($1::uuid[], $2::int[]) x(id, key)
     where not exists (select 1 from match_blocks b where b.key = x.key and b.kundeemne_id = x.id)`,
    [wanted.map(({ id }) => id), wanted.map(({ key }) => key)],
    { prepare: true },
  );
  return new Set(rows.map((row) => String(row.id)));
}

/** Sets the key of name and house of records, where the values that it is made of are older than the way it is made. */
export async function mendMatchKeys(tx: Tx, keys: readonly { id: string; key: string | null }[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.unsafe(
    `update kundeemner k set match_key = x.key from unnest($1::uuid[], $2::text[]) x(id, key) where k.id = x.id`,
    [keys.map(({ id }) => id), keys.map(({ key }) => key)],
  );
}
