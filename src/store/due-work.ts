import type { Db } from "./database.ts";

/** A person has decided on some of what a guard stopped (rule R30). */
const decided = (direction: "in" | "out"): string =>
  `exists (select 1 from guards g where g.connection = l.connection and g.object = l.object and g.direction = '${direction}'
     and (g.approved is not null or g.dismissed is not null))`;

/** What is due by PostgreSQL's account, so that nothing hangs on the queue having kept it (promise 1). Cheap: indexed looks. */
export async function findDueWork(sql: Db): Promise<{ kind: string; key: string }[]> {
  const rows = await sql.unsafe(
    `select 'ingest' as kind, c.name as key from connections c where c.state = 'active'
       and exists (select 1 from changes ch join lanes l on l.connection = ch.connection and l.object = ch.object
         where ch.connection = c.name and ch.state = 'received' and (l.released_in or l.released_out)
           and (l.stopped_reason is null or ${decided("in")}))
     union all
     select 'deliver', c.name from connections c where c.state = 'active'
       and exists (select 1 from deliveries d join lanes l on l.connection = d.connection and l.object = d.object where d.connection = c.name
         and (l.stopped_reason is null or ${decided("out")} or d.state = 'leased')
         and (d.state in ('due', 'uncertain') and d.due_at <= (select kobling_now()) or d.state = 'leased' and d.lease_until < (select kobling_now())))
     union all
     select distinct 'deliver', v.connection from conversions v join connections c on c.name = v.connection where c.state = 'active'
       and v.state = 'open' and v.target in ('tilbud', 'ordre', 'faktura', 'sag') and v.due_at <= (select kobling_now())
       and (v.lease_until is null or v.lease_until < (select kobling_now()))
     union all
     select distinct 'run', r.connection from runs r join connections c on c.name = r.connection where c.state = 'active' and r.kind <> 'undo'
       and (r.state = 'waiting' or r.state = 'running' and r.alive_until < kobling_now())
     union all
     select 'audience', c.name from connections c where c.state = 'active'
       and (exists (select 1 from hand_overs h where h.connection = c.name and h.owed is not null and h.batch_id is null)
         or exists (select 1 from hand_over_batches b where b.connection = c.name and b.due_at <= (select kobling_now())
           and (b.lease_until is null or b.lease_until < (select kobling_now()))))
     union all
     select 'segments', 'kobling' where exists (select 1 from segment_marks) or exists (select 1 from segments where run > 0 and followed_version is null)
     union all
     select 'duplicates', 'kobling' where exists (select 1 from duplicate_searches where ended_at is null)
     union all
     select 'undo', 'kobling' where exists (select 1 from runs r where r.kind = 'undo' and r.state in ('waiting', 'running'))`,
    [],
    { prepare: true },
  );
  return rows.map((row) => ({ kind: String(row.kind), key: String(row.key) }));
}
