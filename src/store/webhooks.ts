import type { Db } from "./database.ts";
import { instantText } from "./read-columns.ts";

/** A receiver of signed event webhooks. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly sealedSecret: string;
  /** `active`, or `disabled` with the reason. */
  readonly state: string;
  readonly reason: string | null;
  readonly epoch: number;
  /** The last feed number that it has taken. */
  readonly position: number;
  readonly tries: number;
  readonly nextAt: string | null;
  readonly createdAt: string;
}

export async function addWebhook(
  sql: Db,
  webhook: Pick<Webhook, "id" | "url" | "sealedSecret" | "epoch" | "position">,
): Promise<Webhook> {
  const [row] = await sql<Row[]>`
    insert into webhooks as w (id, url, sealed_secret, state, epoch, position, created_at)
    values (${webhook.id}::text::uuid, ${webhook.url}, ${webhook.sealedSecret}, 'active', ${webhook.epoch},
      ${webhook.position}::bigint, kobling_now())
    returning ${sql.unsafe(COLUMNS)}`;
  if (row === undefined) throw new Error("An insert returned no row");
  return readWebhook(row);
}

export async function listWebhooks(sql: Db): Promise<Webhook[]> {
  const rows = await sql<Row[]>`select ${sql.unsafe(COLUMNS)} from webhooks w order by w.id desc`;
  return rows.map(readWebhook);
}

export async function removeWebhook(sql: Db, id: string): Promise<boolean> {
  const gone = await sql`delete from webhooks where id = ${id}::text::uuid`;
  return gone.count > 0;
}

/** Makes a disabled receiver active again; it goes on where it stopped, unless the feed is no longer kept from there. */
export async function enableWebhook(sql: Db, id: string, epoch: number, floor: number): Promise<boolean> {
  const done = await sql`
    update webhooks set state = 'active', reason = null, tries = 0, next_at = null, epoch = ${epoch},
      position = case when epoch = ${epoch} then greatest(position, ${floor}::bigint) else ${floor}::bigint end
    where id = ${id}::text::uuid`;
  return done.count > 0;
}

/**
 * Takes active receivers whose time has come and holds them for `leaseMs`, so that no other process sends to them
 * meanwhile; those with nothing new in the feed are left.
 */
export async function leaseWebhooks(
  sql: Db,
  last: number,
  epoch: number,
  leaseMs: number,
  limit: number,
): Promise<Webhook[]> {
  const rows = await sql<Row[]>`
    update webhooks w set next_at = kobling_now() + ${leaseMs} * interval '1 millisecond'
    where w.id in (
      select id from webhooks
      where state = 'active' and (next_at is null or next_at <= kobling_now())
        and (position < ${last}::bigint or epoch <> ${epoch})
      order by next_at nulls first limit ${limit} for update skip locked)
    returning ${sql.unsafe(COLUMNS)}`;
  return rows.map(readWebhook);
}

/** Notes that an event was taken; the receiver is held on for the next one. */
export async function advanceWebhook(sql: Db, id: string, position: number): Promise<void> {
  await sql`update webhooks set position = ${position}::bigint, tries = 0 where id = ${id}::text::uuid`;
}

/** Lets a receiver go: at once (`nextAt` null), or to be tried again at an instant. */
export async function restWebhook(sql: Db, id: string, tries: number, waitMs: number | null): Promise<void> {
  await sql`
    update webhooks set tries = ${tries},
      next_at = ${waitMs === null ? sql`null` : sql`kobling_now() + ${waitMs} * interval '1 millisecond'`}
    where id = ${id}::text::uuid`;
}

export async function disableWebhook(sql: Db, id: string, reason: string): Promise<void> {
  await sql`
    update webhooks set state = 'disabled', reason = ${reason}, next_at = null where id = ${id}::text::uuid`;
}

interface Row {
  readonly id: string;
  readonly url: string;
  readonly sealed_secret: string;
  readonly state: string;
  readonly reason: string | null;
  readonly epoch: number;
  readonly position: string;
  readonly tries: number;
  readonly next_at: string | null;
  readonly created_at: string;
}

const COLUMNS = `w.id, w.url, w.sealed_secret, w.state, w.reason, w.epoch, w.position, w.tries,
  ${instantText("w.next_at")} as next_at, ${instantText("w.created_at")} as created_at`;

const readWebhook = (row: Row): Webhook => ({
  id: row.id,
  url: row.url,
  sealedSecret: row.sealed_secret,
  state: row.state,
  reason: row.reason,
  epoch: row.epoch,
  position: Number(row.position),
  tries: row.tries,
  nextAt: row.next_at,
  createdAt: row.created_at,
});
