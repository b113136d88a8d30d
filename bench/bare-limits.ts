import { randomUUID } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunningGateway } from "../rig/gateway.ts";
import { startProgram } from "../rig/program.ts";

/** What a bare program prints. */
export interface Bare {
  readonly rows: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  readonly bytesPerRow: number;
}

/** The bare programs are run as they are, in a process of their own. */
export async function runBare(program: "upsert" | "copy" | "pool" | "csv", flags: Readonly<Record<string, string>>) {
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  return JSON.parse(await startProgram([`bench/bare/${program}.ts`, ...args]).ended) as Bare; // its one line
}

const TABLE = "bench_kundeemner";
const COPIED = "bench_copied";

/** Copies of the records' table with all its indexes, empty. */
export async function makeCopies({ sql }: RunningGateway): Promise<void> {
  for (const table of [TABLE, COPIED]) await sql.unsafe(`create table ${table} (like kundeemner including all)`);
}

/** Writes the records as they stand now to a file, and then, bare, from the file into the copy. */
export async function bareUpsert(gateway: RunningGateway): Promise<Bare> {
  return await runBare("upsert", { url: gateway.databaseUrl, table: TABLE, rows: await exportRows(gateway) });
}

export async function bareCopy(gateway: RunningGateway): Promise<Bare> {
  return await runBare("copy", { url: gateway.databaseUrl, table: COPIED, rows: await exportRows(gateway) });
}

/** The server itself writes the file: it is on this machine, and a copy through the client's stream stalls. */
async function exportRows({ sql, home }: RunningGateway): Promise<string> {
  const folder = join(home, "rows");
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o777); // the server may run as another user
  const path = join(folder, `${randomUUID()}.tsv`);
  await sql.unsafe(`copy kundeemner to '${path}'`);
  return path;
}
