import type { Db } from "./database.ts";

export interface ReadSnapshot {
  readonly id: string;
  readonly connection: string;
  readonly object: string;
  readonly runId: number;
  readonly state: string;
}

/** A snapshot that a pushing ERP opened (rule R21). */
export async function findSnapshot(sql: Db, id: string): Promise<ReadSnapshot | undefined> {
  const [row] = await sql<({ runId: string } & Omit<ReadSnapshot, "runId">)[]>`
    select s.id, s.connection, s.object, s.run_id as "runId", s.state from snapshots s where s.id = ${id}::text::uuid`;
  return row && { ...row, runId: Number(row.runId) };
}
