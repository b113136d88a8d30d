import type { Db } from "./database.ts";
import type { FeedPosition } from "./feed.ts";
import { instantText } from "./read-columns.ts";

export interface Subscription extends FeedPosition {
  readonly name: string;
  readonly updatedAt: string;
}

/** Keeps how far a named reader of the feed has come, so that it need not keep it itself. Setting back is allowed. */
export async function setSubscription(sql: Db, name: string, position: FeedPosition): Promise<Subscription> {
  const [row] = await sql<Row[]>`
    insert into subscriptions as s (name, epoch, position, updated_at)
    values (${name}, ${position.epoch}, ${position.number}, kobling_now())
    on conflict (name) do update
      set epoch = excluded.epoch, position = excluded.position, updated_at = excluded.updated_at
    returning ${sql.unsafe(COLUMNS)}`;
  if (row === undefined) throw new Error("An upsert returned no row");
  return readSubscription(row);
}

export async function listSubscriptions(sql: Db): Promise<Subscription[]> {
  const rows = await sql<Row[]>`select ${sql.unsafe(COLUMNS)} from subscriptions s order by s.name`;
  return rows.map(readSubscription);
}

export async function findSubscription(sql: Db, name: string): Promise<Subscription | undefined> {
  const [row] = await sql<Row[]>`select ${sql.unsafe(COLUMNS)} from subscriptions s where s.name = ${name}`;
  return row && readSubscription(row);
}

/** False when there is none of that name. */
export async function removeSubscription(sql: Db, name: string): Promise<boolean> {
  const gone = await sql`delete from subscriptions where name = ${name}`;
  return gone.count > 0;
}

interface Row {
  readonly name: string;
  readonly epoch: number;
  readonly position: string;
  readonly updated_at: string;
}

const COLUMNS = `s.name, s.epoch, s.position, ${instantText("s.updated_at")} as updated_at`;

const readSubscription = (row: Row): Subscription => ({
  name: row.name,
  epoch: row.epoch,
  number: Number(row.position),
  updatedAt: row.updated_at,
});
