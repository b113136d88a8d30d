import type { Db } from "./database.ts";

/** Puts a quarantined change back among the waiting ones; gives its connection, undefined when there is none. */
export async function wakeQuarantined(sql: Db, id: number): Promise<string | undefined> {
  const [row] = await sql.unsafe(
    "update changes set state = 'received', reason = null, outcome = null where id = $1 and state = 'quarantined' returning connection",
    [id],
  );
  return row === undefined ? undefined : String(row.connection);
}
