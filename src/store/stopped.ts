import type { GuardRange } from "../rules/guards.ts";
import { type Change, changeColumns, readChange } from "./changes.ts";
import type { Sql, Tx } from "./database.ts";
import { type Delivery, deliveryColumns, readDelivery } from "./deliveries.ts";
import type { Direction, GuardKey } from "./guards.ts";

/** What waits behind a stopped lane (rule R30): changes on the way in, deliveries on the way out. */

/** Waiting changes of one object that a range names, in order of receipt, after `afterId`. */
export async function takeRange(
  sql: Sql,
  connection: string,
  object: string,
  range: GuardRange,
  afterId: number,
  limit: number,
): Promise<Change[]> {
  const rows = await sql.unsafe(
    `select ${changeColumns} from changes where connection = $1 and object = $2 and state = 'received' and id > $3 and id <= $4
       and ($5::text[] is null or external_id = any($5::text[])) order by changes.id limit $6`,
    [connection, object, afterId, range.upTo, range.objects === undefined ? null : [...range.objects], limit],
    { prepare: true },
  );
  return rows.map(readChange);
}

/** Puts waiting changes aside: a person has said no to them, and retrying one takes it up. Gives the number by run. */
export async function putAside(
  tx: Tx,
  ids: readonly number[],
  reason: { readonly code: string; readonly detail: string },
): Promise<Map<number, { quarantined: number }>> {
  const rows = await tx.unsafe(
    `update changes set state = 'quarantined', outcome = 'quarantined', reason = $2::text::json
     where id = any($1::bigint[]) and state = 'received' returning run_id::float8 as run_id`,
    [[...ids], JSON.stringify(reason)],
  );
  const runs = new Map<number, { quarantined: number }>();
  for (const { run_id: run } of rows)
    if (run !== null) runs.set(Number(run), { quarantined: (runs.get(Number(run))?.quarantined ?? 0) + 1 });
  return runs;
}

/** Deliveries of one object that wait and were not handed out, oldest first, after `afterId`. Not leased by this. */
export async function waitingDeliveries(
  sql: Sql,
  connection: string,
  object: string,
  afterId: number,
  limit: number,
): Promise<Delivery[]> {
  const rows = await sql.unsafe(
    `select ${deliveryColumns}, l.external_id from deliveries d left join links l on l.id = d.link_id
     where d.connection = $1 and d.object = $2 and d.id > $3 and d.state in ('due', 'leased', 'uncertain')
       and d.body is null order by d.id limit $4`,
    [connection, object, afterId, limit],
    { prepare: true },
  );
  return rows.map(readDelivery);
}

const waitingIn = (direction: Direction): string =>
  direction === "in"
    ? "changes w where connection = $1 and object = $2 and state = 'received'"
    : "deliveries w where connection = $1 and object = $2 and state in ('due', 'leased', 'uncertain') and w.body is null";

/**
 * The newest number of what waits, changes on the way in and deliveries on the way out, or that of the `first` of them,
 * oldest first. Null: nothing waits.
 */
export async function lastWaiting(
  tx: Tx,
  { connection, object, direction }: GuardKey,
  first?: number,
): Promise<number | null> {
  const [row] = await tx.unsafe(
    `select max(id)::float8 as id from (select id from ${waitingIn(direction)} order by w.id limit $3) waiting`,
    [connection, object, first ?? null],
  );
  return (row?.id as number | null | undefined) ?? null;
}

/** Does something up to a number wait that a range does not name? */
export async function waitsOutside(
  tx: Tx,
  { connection, object, direction }: GuardKey,
  stoppedUpTo: number,
  { upTo, objects }: GuardRange,
): Promise<boolean> {
  const named =
    direction === "in"
      ? "w.external_id = any($4::text[])"
      : "exists (select 1 from links l where l.id = w.link_id and l.external_id = any($4::text[]))";
  const rows = await tx.unsafe(
    `select 1 from ${waitingIn(direction)} and w.id <= $5 and (w.id > $3 or not ($4::text[] is null or ${named})) limit 1`,
    [connection, object, upTo, objects === undefined ? null : [...objects], stoppedUpTo],
  );
  return rows.length > 0;
}

/** Forgets what a person has said of what was stopped once nothing up to that number waits any more. */
export async function clearRanges(sql: Sql, { connection, object, direction }: GuardKey, upTo: number): Promise<void> {
  await sql.unsafe(
    `update guards g set approved = null, dismissed = null where g.connection = $1 and g.object = $2 and g.direction = $3
       and not exists (select 1 from ${waitingIn(direction)} and w.id <= $4)`,
    [connection, object, direction, upTo],
  );
}
