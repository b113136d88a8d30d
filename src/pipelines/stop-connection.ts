import { noteFault, setConnectionState } from "../store/connections.ts";
import type { Db } from "../store/database.ts";
import { alert } from "../store/reviews.ts";

/** The account needs its owner: nothing more is tried until a person resumes, and the owner is told. `at`: ISO 8601. */
export async function stopConnection(sql: Db, connection: string, code: string, at: string): Promise<void> {
  await setConnectionState(sql, connection, "stopped", code);
  await noteFault(sql, connection, code);
  await alert(sql, at, { connection, reason: `connection:${code}` });
}
