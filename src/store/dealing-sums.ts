import type { Db, Tx } from "./database.ts";

/** What adds up from the dealings of one Kundeemne; a sum of 0 is null. */
export interface DealingSums {
  readonly tilbudKr: string | null;
  readonly vaerdi: string | null;
  readonly nyesteAkt: string | null;
  /** The next planned activity. */
  readonly naesteAkt: string | null;
}

/** Which tilbud count: all that are not cancelled, or the open ones only. */
export type TilbudCounted = "all" | "open";

const counted: Record<TilbudCounted, string> = {
  all: "t.status is distinct from 'annulleret'",
  open: "t.status is not distinct from 'aabent'",
};

/**
 * Sums by the rows of these emner, as of today in Copenhagen (domain notes, a8). Exact: a rate is for 100 of the currency,
 * and dividing would round where multiplying does not.
 */
export async function sumDealings(
  tx: Tx,
  ids: readonly string[],
  tilbud: TilbudCounted,
): Promise<Map<string, DealingSums>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.unsafe(
    `with today as materialized (select kobling_today() as date)
     select emne.id, trim_scale(nullif(t.kr, 0))::text as tilbud_kr, trim_scale(nullif(a.vaerdi, 0))::text as vaerdi,
       a.nyeste::text as nyeste, a.naeste::text as naeste
     from unnest($1::uuid[]) emne(id)
     cross join lateral (
       select sum(case when t.kurs is null then t.beloeb else t.beloeb * t.kurs * 0.01 end) as kr
       from tilbud t where t.kundeemne_id = emne.id and ${counted[tilbud]} offset 0) t
     cross join lateral (
       select sum(a.vaerdi) filter (where a.udfald is distinct from 'tabt') as vaerdi,
         max(a.dato) filter (where a.dato <= (select date from today)) as nyeste,
         min(a.dato) filter (where a.dato > (select date from today)) as naeste
       from aktiviteter a where a.kundeemne_id = emne.id offset 0) a`,
    [[...ids]],
    { prepare: true },
  );
  const sums = new Map<string, DealingSums>();
  for (const row of rows) {
    const text = (column: string): string | null => (row[column] as string | null) ?? null; // cast to text above
    sums.set(String(row.id), {
      tilbudKr: text("tilbud_kr"),
      vaerdi: text("vaerdi"),
      nyesteAkt: text("nyeste"),
      naesteAkt: text("naeste"),
    });
  }
  return sums;
}

/** Notes the next planned activities; no field of a record, so no version of it. */
export async function planNext(
  tx: Tx,
  next: readonly { readonly id: string; readonly date: string | null }[],
): Promise<void> {
  if (next.length === 0) return;
  await tx.unsafe(
    `update kundeemner e set naeste_akt = x.date from json_to_recordset($1::text::json) as x(id uuid, date date)
     where e.id = x.id and e.naeste_akt is distinct from x.date`,
    [JSON.stringify(next)],
    { prepare: true },
  );
}

/** Emner whose next planned activity is no longer ahead of us. */
export async function findTurned(sql: Db, limit: number): Promise<string[]> {
  const rows = await sql.unsafe(
    "select id from kundeemner where naeste_akt <= (select kobling_today()) order by id limit $1::int",
    [limit],
  );
  return rows.map((row) => String(row.id));
}

/** Is there any such emne? Then `nyesteAkt` is read by `liveNyesteAkt`, until the day has been turned everywhere. */
export async function isDayTurning(sql: Db): Promise<boolean> {
  const [row] = await sql<{ is: boolean }[]>`
    select exists (select from kundeemner where naeste_akt <= (select kobling_today())) as is`;
  return row?.is === true;
}

/** `nyesteAkt` as it is at the time of reading, also between midnight and the step that writes it down. */
export const liveNyesteAkt = (alias: string): string =>
  `(case when ${alias}.naeste_akt <= (select kobling_today()) then (select max(a.dato) from aktiviteter a
    where a.kundeemne_id = ${alias}.id and a.dato <= (select kobling_today())) else ${alias}.nyeste_akt end)`;

const LIVE: ReadonlyMap<string, string> = new Map([["nyesteAkt", liveNyesteAkt("e")]]);

/**
 * Of these fields of `kundeemner e`, what stands for a column that has to be worked out anew, as `criterionSql` takes it;
 * undefined: none.
 */
export const liveOf = async (sql: Db, fields: ReadonlySet<string>): Promise<ReadonlyMap<string, string> | undefined> =>
  fields.has("nyesteAkt") && (await isDayTurning(sql)) ? LIVE : undefined;

/** Emner that have tilbud, in id order, page by page. */
export async function pageWithTilbud(sql: Db, after: string, limit: number): Promise<string[]> {
  const rows = await sql.unsafe(
    "select distinct kundeemne_id as id from tilbud where kundeemne_id > $1::uuid order by 1 limit $2::int",
    [after, limit],
  );
  return rows.map((row) => String(row.id));
}

/** Which tilbud the stored sums count; undefined before it was ever said. */
export async function readCounted(sql: Db): Promise<string | undefined> {
  const [row] = await sql<{ value: string }[]>`select value from installation where key = 'tilbud_kr'`;
  return row?.value;
}

export async function noteCounted(sql: Db, tilbud: TilbudCounted): Promise<void> {
  await sql`insert into installation (key, value) values ('tilbud_kr', ${tilbud})
    on conflict (key) do update set value = excluded.value`;
}

/** How many activities lie in the last 90 and 365 days, today included (S53). */
export async function countRecent(sql: Db, kundeemneId: string): Promise<{ days90: number; days365: number }> {
  const [row] = await sql<{ days90: number; days365: number }[]>`
    with today as materialized (select kobling_today() as date)
    select count(*) filter (where a.dato > today.date - 90)::int as days90, count(*)::int as days365
    from aktiviteter a, today
    where a.kundeemne_id = ${kundeemneId}::text::uuid and a.dato > today.date - 365 and a.dato <= today.date`;
  return { days90: row?.days90 ?? 0, days365: row?.days365 ?? 0 };
}
