import { withoutNul } from "../lib/nul.ts";
import type { Sql, Tx } from "./database.ts";

/** A change as it is taken from the inbox. Times in ms. */
export interface Change {
  readonly id: number;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly via: string;
  readonly runId: number | null;
  readonly deleted: boolean;
  readonly hash: string;
  readonly counter: number | null;
  readonly lastDelivery: number | null;
  readonly remoteVersion: string | null;
  readonly changedAt: number | null;
  readonly beganAt: number;
  readonly receivedAt: number;
  /** When the listing before this reading began: it still had base (rule R3). */
  readonly hadBaseAt: number | null;
  readonly writeCount: number | null;
  readonly whole: boolean;
  readonly body: Record<string, unknown> | null;
}

/** A change to be kept. */
export interface NewChange {
  readonly object: string;
  readonly externalId: string;
  readonly hash: string;
  readonly body: unknown;
  readonly deleted?: boolean;
  readonly eventId?: string | undefined;
  readonly counter?: number | undefined;
  readonly lastDelivery?: number | undefined;
  readonly remoteVersion?: string | undefined;
  readonly changedAt?: string | undefined;
  readonly writeCount?: number | undefined;
}

export interface Told {
  readonly connection: string;
  readonly via: string;
  readonly runId: number | null;
  readonly beganAt: string;
  readonly receivedAt: string;
  readonly hadBaseAt: string | null;
  readonly whole: boolean;
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;

/** Of a change, as `readChange` reads them. */
export const changeColumns = `id::float8 as id, connection, object, external_id, via, run_id::float8 as run_id, deleted, hash,
  counter::float8 as counter, last_delivery::float8 as last_delivery, remote_version, ${ms("remote_changed_at")} as changed_at,
  ${ms("began_at")} as began_at, ${ms("had_base_at")} as had_base_at, ${ms("received_at")} as received_at, write_count, whole, body`;

export const readChange = (row: Record<string, unknown>): Change => ({
  id: Number(row.id),
  connection: String(row.connection),
  object: String(row.object),
  externalId: String(row.external_id),
  via: String(row.via),
  runId: row.run_id as number | null,
  deleted: row.deleted === true,
  hash: String(row.hash),
  counter: row.counter as number | null,
  lastDelivery: row.last_delivery as number | null,
  remoteVersion: row.remote_version as string | null,
  changedAt: row.changed_at as number | null,
  beganAt: Number(row.began_at),
  receivedAt: Number(row.received_at),
  hadBaseAt: row.had_base_at as number | null,
  writeCount: row.write_count as number | null,
  whole: row.whole !== false,
  body: row.body as Record<string, unknown> | null,
});

/** Keeps changes, one statement for all; a repeated event id is not kept again. Gives the number kept. */
export async function keepChanges(sql: Sql | Tx, told: Told, changes: readonly NewChange[]): Promise<number> {
  if (changes.length === 0) return 0;
  const rows = changes.map((change) => ({
    object: change.object,
    external_id: change.externalId,
    deleted: change.deleted ?? false,
    hash: change.hash,
    event_id: change.eventId,
    counter: change.counter,
    last_delivery: change.lastDelivery,
    remote_version: change.remoteVersion,
    remote_changed_at: change.changedAt,
    write_count: change.writeCount,
    body: change.body,
  }));
  const kept = await sql.unsafe(
    `insert into changes (connection, via, run_id, began_at, received_at, had_base_at, whole, state, object, external_id, deleted, hash, event_id,
       counter, last_delivery, remote_version, remote_changed_at, write_count, body)
     select $1, $2, $3::bigint, $4::timestamptz, $5::timestamptz, $8::timestamptz, $6::boolean, 'received', object, external_id, deleted, hash, event_id,
       counter, last_delivery, remote_version, remote_changed_at, write_count, body
     from json_to_recordset(kobling_rows($7)) as x(object text, external_id text, deleted boolean, hash text, event_id text,
       counter bigint, last_delivery bigint, remote_version text, remote_changed_at timestamptz, write_count integer, body json)
     on conflict do nothing`,
    [
      told.connection,
      told.via,
      told.runId,
      told.beganAt,
      told.receivedAt,
      told.whole,
      withoutNul(JSON.stringify(rows)),
      told.hadBaseAt,
    ],
    { prepare: true },
  );
  return kept.count;
}

export interface NewestKept {
  /** Its content is that of the newest change kept. */
  readonly same: boolean;
  readonly counter: number | null;
  /** The counter of the newest change that still waits. */
  readonly waitingCounter: number | null;
  readonly missing: boolean;
}

/**
 * What receiving must know of remote objects before it keeps a change (rules R5, R21): is it the newest kept already, so
 * that A, B, A are three changes and A, A is one. While a change waits that is the newest, for a push; a reading is then
 * always kept, since what waits may turn out older than a write of ours (rule R6). After a write of ours nothing told
 * before is known. A change put aside since the newest decided one is kept too, or each poll would put it aside again.
 * One statement for all.
 */
export async function newestKept(
  sql: Sql | Tx,
  at: { readonly connection: string; readonly object: string; readonly pushed: boolean },
  read: readonly { externalId: string; hash: string }[],
): Promise<NewestKept[]> {
  const rows = await sql.unsafe(
    `select case when w.hash is null then coalesce(q.hash, l.newest_hash) = k.hash
         when $5::boolean then w.hash = k.hash and (l.newest_change_id is null or l.newest_hash is not null) end as same,
       greatest(l.counter, w.counter)::float8 as counter, w.counter::float8 as waiting_counter,
       l.missing_since is not null as missing
     from unnest($3::text[], $4::text[]) with ordinality k(external_id, hash, n)
     -- Row by row through the whole key (offset 0): without statistics the planner takes connection and object to be one row.
     left join lateral (select newest_hash, counter, missing_since, newest_change_id from links
       where connection = $1 and object = $2 and external_id = k.external_id offset 0) l on true
     -- By the index of external ids and no other: for "connection" or "newest first" the planner walks all that waits.
     left join lateral (select (array_agg(hash order by id desc))[1] as hash, (array_agg(counter order by id desc))[1] as counter
       from changes where external_id = k.external_id and connection || '' = $1 and object = $2 and state = 'received') w on true
     left join (select distinct on (external_id) external_id, id, hash from changes
       where state = 'quarantined' and connection = $1 and object = $2 and external_id = any($3::text[])
       order by external_id, id desc) q on q.external_id = k.external_id and q.id > coalesce(l.newest_change_id, 0)
     order by k.n`,
    [at.connection, at.object, read.map((each) => each.externalId), read.map((each) => each.hash), at.pushed],
    { prepare: true },
  );
  return rows.map((row) => ({
    same: row.same === true,
    counter: row.counter as number | null,
    waitingCounter: row.waiting_counter as number | null,
    missing: row.missing === true,
  }));
}

/**
 * Waiting changes of a connection in order of receipt, after `afterId`; only of objects whose lane takes them. Ordered by
 * the column, not by the converted id of the select list: that would sort all that waits, each time.
 */
export async function takeWaiting(
  sql: Sql | Tx,
  connection: string,
  objects: readonly string[],
  afterId: number,
  limit: number,
): Promise<Change[]> {
  const rows = await sql.unsafe(
    `select ${changeColumns} from changes where connection = $1 and state = 'received' and id > $2 and object = any($3::text[])
     order by changes.id limit $4`,
    [connection, afterId, [...objects], limit],
    { prepare: true },
  );
  return rows.map(readChange);
}

/** Waiting changes of these remote objects, in order of receipt: what must be decided before a receipt of theirs. */
export async function waitingOf(
  sql: Sql | Tx,
  connection: string,
  externalIds: readonly string[],
  limit: number,
): Promise<Change[]> {
  const rows = await sql.unsafe(
    `select ${changeColumns} from changes where connection = $1 and state = 'received' and external_id = any($2::text[])
     order by changes.id limit $3`,
    [connection, [...externalIds], limit],
    { prepare: true },
  );
  return rows.map(readChange);
}

/** Waiting changes of one object kind, newest first, before an id; a delete has no body. */
export async function newestWaiting(
  sql: Sql | Tx,
  connection: string,
  object: string,
  beforeId: number,
  limit: number,
): Promise<Change[]> {
  const rows = await sql.unsafe(
    `select ${changeColumns} from changes where connection = $1 and state = 'received' and id < $2 and object = $3 order by changes.id desc limit $4`,
    [connection, beforeId, object, limit],
    { prepare: true },
  );
  return rows.map(readChange);
}

/** Which of these still wait; they are locked until the transaction ends. */
export async function lockWaiting(tx: Tx, ids: readonly number[]): Promise<Set<number>> {
  const rows = await tx.unsafe(
    "select id::float8 as id from changes where id = any($1::bigint[]) and state = 'received' order by id for update",
    [[...ids]],
    { prepare: true },
  );
  return new Set(rows.map((row) => Number(row.id)));
}

export interface Outcome {
  readonly id: number;
  readonly state: "decided" | "repeat" | "stale" | "quarantined";
  readonly outcome: string;
  readonly reason?: {
    readonly code: string;
    readonly detail: string;
    readonly field?: string;
    readonly parent?: string;
  };
}

/** Records what became of changes: one statement per kind of outcome, and one for those with a reason of their own. */
export async function closeChanges(tx: Tx, outcomes: readonly Outcome[]): Promise<void> {
  const plain = new Map<string, number[]>();
  const reasoned: Outcome[] = [];
  for (const each of outcomes) {
    if (each.reason !== undefined) {
      reasoned.push(each);
      continue;
    }
    const key = `${each.state} ${each.outcome}`;
    const ids = plain.get(key);
    if (ids === undefined) plain.set(key, [each.id]);
    else ids.push(each.id);
  }
  const statements: Promise<unknown>[] = [];
  for (const [key, ids] of plain) {
    const [state, outcome] = key.split(" ");
    statements.push(
      tx.unsafe(
        "update changes set state = $1, outcome = $2, reason = null where id = any($3::bigint[])",
        [state ?? "", outcome ?? "", ids],
        { prepare: true },
      ),
    );
  }
  if (reasoned.length > 0) {
    statements.push(
      tx.unsafe(
        `update changes c set state = x.state, outcome = x.outcome, reason = x.reason
         from json_to_recordset(kobling_rows($1)) as x(id bigint, state text, outcome text, reason json) where c.id = x.id`,
        [JSON.stringify(reasoned)],
      ),
    );
  }
  await Promise.all(statements);
}

/** Takes children up again whose parent has come (rule R19); gives the number. */
export async function wakeChildren(tx: Tx, connection: string, parents: readonly string[]): Promise<number> {
  if (parents.length === 0) return 0;
  const woken = await tx.unsafe(
    `update changes set state = 'received', reason = null, outcome = null
     where state = 'quarantined' and connection = $1 and reason->>'code' = 'parent_unknown' and reason->>'parent' = any($2::text[])`,
    [connection, [...parents]],
  );
  return woken.count;
}

/** How many changes wait, for backpressure; counts to `atMost` and no further. */
export async function countWaiting(sql: Sql, connection: string, atMost: number): Promise<number> {
  const [row] = await sql.unsafe(
    "select count(*)::float8 as n from (select 1 from changes where connection = $1 and state = 'received' limit $2) waiting",
    [connection, atMost],
    { prepare: true },
  );
  return Number(row?.n ?? 0);
}
