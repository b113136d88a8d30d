import type { Db } from "./database.ts";

/** Now by the database, in ms: one clock for all processes, which a test can set (rule R35). */
export async function readNow(sql: Db): Promise<number> {
  const [row] = await sql.unsafe("select (extract(epoch from kobling_now()) * 1000)::float8 as now", [], {
    prepare: true,
  });
  return Number(row?.now);
}

/** Sets the clock that SQL reads, or lets it run again with null. For tests and simulations. */
export async function setNow(sql: Db, now: Date | null): Promise<void> {
  if (now === null) await sql.unsafe("delete from installation where key = 'clock'");
  else {
    await sql.unsafe(
      "insert into installation (key, value) values ('clock', $1) on conflict (key) do update set value = excluded.value",
      [now.toISOString()],
    );
  }
}
