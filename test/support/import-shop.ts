import type { Wishes } from "../../src/pipelines/import-file.ts";
import { applyImport, openImport, tryImport } from "../../src/pipelines/imports.ts";
import type { Import } from "../../src/store/imports.ts";
import { rowFaults } from "../../src/store/imports.ts";
import { findRun } from "../../src/store/runs.ts";
import { copyDatabase } from "./database.ts";
import { type Engine, person, startEngine } from "./engine.ts";

type Columns = Record<string, unknown>;

/** An installation that takes files, with nothing else in it unless it is said. */
export interface ImportShop {
  readonly engine: Engine;
  ask(query: string, values?: readonly (string | number | null)[]): Promise<Columns[]>;
  /** Keeps a file; text is UTF-8. */
  bring(content: string | Uint8Array, wishes?: Wishes, fileName?: string): Promise<Import>;
  /** Tries it; gives the run with its counts and detail. */
  try(file: Import): Promise<Columns>;
  /** Tries it and carries it out; gives the run. */
  take(file: Import, wish?: { again?: boolean }): Promise<Columns>;
  /** What is wrong with rows, in short: `line column code`. */
  faults(file: Import): Promise<string[]>;
  records(): Promise<Columns[]>;
  /** Another story begins: nothing was ever brought in. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openImportShop(
  wish: Record<string, unknown> = {},
  more: { connections?: Record<string, unknown>; config?: Record<string, unknown> } = {},
): Promise<ImportShop> {
  const { database, drop } = await copyDatabase();
  const engine = await startEngine(
    {
      ...more.config,
      connections: {
        ...more.connections,
        regneark: {
          connector: "import",
          objects: { kundeemne: { direction: "in", create: "in", firstMeeting: "crm", ...wish } },
        },
      },
    },
    { database },
  );
  const { deps } = engine;
  const { sql } = deps.db;
  const ask: ImportShop["ask"] = async (query, values = []) => [...(await sql.unsafe(query, [...values]))];
  const runOf = async (id: number): Promise<Columns> => ({ ...(await findRun(sql, id)) });
  const tried: ImportShop["try"] = async (file) => {
    const { run } = await tryImport(deps, file.id, person);
    await engine.work();
    return runOf(run);
  };
  return {
    engine,
    ask,
    bring: (content, wishes = {}, fileName = "kunder.csv") =>
      openImport(deps, {
        fileName,
        bytes: pieces(typeof content === "string" ? new TextEncoder().encode(content) : content),
        mostBytes: 100_000_000,
        wishes,
        by: person,
      }),
    try: tried,
    async take(file, wish = {}) {
      await tried(file);
      const { run } = await applyImport(deps, file.id, { ...wish, by: person });
      await engine.work();
      return runOf(run);
    },
    async faults(file) {
      const [now] = await ask("select run::float8 as run from imports where id = $1", [file.id]);
      const found = await rowFaults(sql, { ...file, run: now?.run as number | null }, 0, 1000);
      return found.map(({ line, column, code }) => `${line} ${column} ${code}`);
    },
    records: () => ask("select * from kundeemner order by firmanavn"),
    async clear() {
      await sql.unsafe(
        `truncate kundeemner, kontaktpersoner, links, link_blocks, changes, history, feed_batches, reviews, runs, run_items,
           imports, import_chunks, import_rows, import_faults, deliveries, guards`,
      );
      await sql.unsafe(
        "update lanes set released_in = false, preview_id = null, first_meetings = 0, stopped_by = null, stopped_reason = null",
      );
    },
    async close() {
      await engine.close();
      await drop();
    },
  };
}

/** In uneven pieces, as a network brings them. */
async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0, size = 7; at < bytes.length; at += size, size = (size * 5) % 9_973 || 7)
    yield bytes.subarray(at, at + size);
}
