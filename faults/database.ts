import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { until } from "../rig/until.ts";
import { type EmbeddedPostgres, startEmbedded } from "../src/store/embedded.ts";

/** The embedded PostgreSQL of a run, to be killed and started again; `sql` goes past every proxy. */
export interface FaultDatabase {
  readonly url: string;
  readonly sql: () => postgres.Sql;
  /** `kill -9` of the server; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on its data, as its owner would; gives the port, which is another. */
  startAgain(): Promise<number>;
  stop(): Promise<void>;
}

export async function startDatabase(home: string): Promise<FaultDatabase> {
  let server: EmbeddedPostgres = await startEmbedded(home);
  const open = (): postgres.Sql => postgres(server.url, { max: 3, onnotice: () => undefined });
  let sql = open();
  return {
    url: server.url,
    sql: () => sql,
    async kill() {
      const pid = Number(readFileSync(join(home, "postgres", "postmaster.pid"), "utf8").split("\n")[0]);
      process.kill(pid, "SIGKILL");
      await until("PostgreSQL is dead", 10_000, async () => !isAlive(pid));
      await sql.end({ timeout: 0 });
    },
    async startAgain() {
      await until("PostgreSQL starts again", 60_000, async () => {
        // Backends of the killed server may hold its memory for a moment longer.
        const started = await startEmbedded(home).catch(() => undefined);
        if (started !== undefined) server = started;
        return started !== undefined;
      });
      sql = open();
      return server.port;
    },
    async stop() {
      await sql.end({ timeout: 5 });
      await server.stop();
    },
  };
}

/** A dead process whose parent has not looked yet still has its number. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false; // no such process
  }
}
