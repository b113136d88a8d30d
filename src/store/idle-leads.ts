import type { Db } from "./database.ts";
import { instantText } from "./read-columns.ts";

export interface IdleLead {
  readonly id: string;
  readonly firmanavn: string | null;
  /** The newest of: made, an activity, a note, a lead that came in. */
  readonly lastAt: string;
}

/**
 * Leads that nothing has happened with for so many months: neither debitor nor kreditor, nothing of a ledger linked, no planned
 * activity. By id; `after`: the last id of the page before.
 */
export async function listIdleLeads(
  sql: Db,
  query: { readonly months: number; readonly after: string | undefined; readonly limit: number },
): Promise<IdleLead[]> {
  const rows = await sql.unsafe(
    `select k.id, k.firmanavn, ${instantText("l.at")} as at from kundeemner k,
       lateral (select greatest(k.created_at,
         (select max(greatest(a.updated_at, a.dato::timestamptz)) from aktiviteter a where a.kundeemne_id = k.id),
         (select max(greatest(o.updated_at, o.opfoelgningsdato::timestamptz)) from opgaver o where o.kundeemne_id = k.id),
         (select max(greatest(t.updated_at, t.dato::timestamptz)) from tilbud t where t.kundeemne_id = k.id),
         (select max(n.updated_at) from noter n where n.kundeemne_id = k.id),
         (select max(i.received_at) from leads i where i.kundeemne_id = k.id)) as at) l
     where k.erased_at is null and k.merged_into is null and not coalesce(k.findes_deb, false) and not coalesce(k.findes_kred, false)
       and k.naeste_akt is null and l.at < kobling_now() - make_interval(months => $1)
       and not exists (select from links x where x.entity_id = k.id and x.object in ('debitor', 'kreditor') and x.state in ('linked', 'extra'))
       and ($2::uuid is null or k.id > $2::uuid)
     order by k.id limit $3`,
    [query.months, query.after ?? null, query.limit],
  );
  return rows.map((row) => ({ id: String(row.id), firmanavn: row.firmanavn as string | null, lastAt: String(row.at) }));
}
