import type { Db } from "./database.ts";

/** Of a day; null: without limit. Money in whatever currency the prices are in. */
export interface Budget {
  readonly calls: number;
  readonly cost: number | null;
}

export interface Spent {
  readonly calls: number;
  /** An exact decimal. */
  readonly cost: string;
  readonly kinds: Readonly<Record<string, number>>;
}

const TODAY = "((select kobling_now()) at time zone 'Europe/Copenhagen')::date";

/**
 * Counts one call on the day in Copenhagen; false: the budget does not hold it, and nothing is counted. The row of the day is
 * locked for it, so processes together keep to the budget.
 */
export async function spend(
  sql: Db,
  call: {
    readonly connection: string;
    readonly kind: string;
    readonly cost: number;
    readonly budget: Budget | undefined;
  },
): Promise<boolean> {
  const rows = await sql.unsafe(
    `insert into directory_spending as s (connection, day, calls, cost, kinds)
     select $1, ${TODAY}, 1, $3::numeric, jsonb_build_object($2::text, 1)
     where ($4::int is null or $4::int >= 1) and ($5::numeric is null or $3::numeric <= $5::numeric)
     on conflict (connection, day) do update set calls = s.calls + 1, cost = s.cost + excluded.cost,
       kinds = s.kinds || jsonb_build_object($2::text, coalesce((s.kinds->>$2::text)::int, 0) + 1)
     where ($4::int is null or s.calls < $4::int) and ($5::numeric is null or s.cost + excluded.cost <= $5::numeric)
     returning s.calls`,
    [call.connection, call.kind, call.cost, call.budget?.calls ?? null, call.budget?.cost ?? null],
  );
  return rows.length > 0;
}

/** What each directory's calls of today were and cost. */
export async function findSpent(sql: Db): Promise<ReadonlyMap<string, Spent>> {
  const rows = await sql.unsafe(
    `select connection, calls, trim_scale(cost)::text as cost, kinds::text as kinds from directory_spending where day = ${TODAY}`,
  );
  return new Map(
    rows.map((row) => [
      String(row.connection),
      { calls: Number(row.calls), cost: String(row.cost), kinds: JSON.parse(String(row.kinds)) as Spent["kinds"] }, // as `spend` makes it
    ]),
  );
}
