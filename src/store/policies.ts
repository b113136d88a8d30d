import type { EntityKind } from "../model/catalogue.ts";
import type { Db } from "./database.ts";

/** Records with a pin or policy whose time is over; only those that have any are looked at. */
export async function findEndedPolicies(sql: Db, limit: number): Promise<{ id: string; kind: EntityKind }[]> {
  const ended = (table: string, kind: EntityKind): string =>
    `select id, '${kind}' as kind from ${table} where policies is not null and exists (
       select 1 from json_array_elements(policies) each
       where (each ->> 'until')::float8 <= extract(epoch from kobling_now()) * 1000)`;
  const rows = await sql.unsafe(
    `${ended("kundeemner", "kundeemne")} union all ${ended("kontaktpersoner", "kontaktperson")} limit $1::int`,
    [limit],
  );
  return rows.map((row) => ({ id: String(row.id), kind: row.kind as EntityKind })); // as written above
}
