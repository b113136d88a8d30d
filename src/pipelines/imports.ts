import { createHash } from "node:crypto";
import { RejectedError } from "../lib/errors.ts";
import { fieldNamed } from "../mappings/headings.ts";
import type { Sql } from "../store/database.ts";
import {
  addImport,
  addImportChunk,
  beginImport,
  changeImport,
  dropChunks,
  findImport,
  type Import,
  type ImportSettings,
  importUnderWay,
  lockImport,
  sameContent,
} from "../store/imports.ts";
import { findRun, openRun } from "../store/runs.ts";
import { encodingScout, type FoundEncoding } from "../tables/encoding.ts";
import { TableError } from "../tables/table.ts";
import type { Actor, Deps } from "./deps.ts";
import { lookAt, mappingOfImport, type Wishes } from "./import-file.ts";
import { release } from "./preview.ts";

const CHUNK_BYTES = 262_144;
const OBJECT = "kundeemne";

export interface NewImport {
  /** Undefined: the one connection of connector `import` that there is. */
  readonly connection?: string;
  readonly fileName: string;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** More than this is refused. */
  readonly mostBytes: number;
  readonly wishes: Wishes;
  readonly by: Actor;
}

/**
 * Keeps a file and looks at it; nothing of it is read into records yet. Throws RejectedError: `not_found` or `conflict`
 * about the connection, `too_long` for a file that is too large, `bad_shape` where it is no table.
 */
export async function openImport(deps: Deps, wanted: NewImport): Promise<Import> {
  const connection = connectionFor(deps, wanted.connection);
  const { sql } = deps.db;
  const id = deps.newId();
  try {
    const { bytes, sha256, encoding, isZip } = await keepFile(sql, id, wanted.bytes, wanted.mostBytes);
    const format = isZip ? "xlsx" : "csv";
    const { settings, found } = await look(sql, id, format, encoding, wanted.wishes);
    const { fileName, by } = wanted;
    await addImport(sql, { id, connection, object: OBJECT, fileName, bytes, sha256, settings, found, by: by.name });
  } catch (error) {
    await dropChunks(sql, id);
    throw error;
  }
  deps.log.info("import.kept", { importId: id, connection });
  return getImport(sql, id);
}

async function look(
  sql: Sql,
  id: string,
  format: ImportSettings["format"],
  encoding: FoundEncoding,
  wishes: Wishes,
): ReturnType<typeof lookAt> {
  for (const [column, field] of Object.entries(wishes.columns ?? {})) {
    if (field !== null && fieldNamed(field) === undefined)
      throw new RejectedError("bad_value", `There is no field ${field} that a column may fill`, {
        context: { field: `columns.${column}` },
      });
  }
  try {
    const looked = await lookAt(sql, id, format, encoding, wishes);
    assertReadable(looked.settings, wishes);
    return looked;
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw new RejectedError("bad_shape", error.message, {
      cause: error,
      context: error.line === undefined ? {} : { line: error.line },
    });
  }
}

function assertReadable(settings: ImportSettings, wishes: Wishes): void {
  const names = new Set(settings.columns.map(({ column }) => column));
  const asked = [...Object.keys(wishes.columns ?? {}), ...(typeof wishes.key === "string" ? [wishes.key] : [])];
  for (const column of asked) {
    if (!names.has(column))
      throw new RejectedError("bad_value", `The table has no column ${column}; it has ${[...names].join(", ")}`, {
        context: { field: "columns" },
      });
  }
  const fields = settings.columns.flatMap(({ field }) => field ?? []);
  const twice = fields.find((field, at) => fields.indexOf(field) !== at);
  if (twice !== undefined)
    throw new RejectedError("bad_value", `Two columns are for ${twice}: say null for one of them`, {
      context: { field: "columns" },
    });
  // Nothing is known of any column yet: shown all the same, so that a person can say it.
  if (fields.length === 0) return;
  const mapping = mappingOfImport(settings);
  if (!("readRemote" in mapping))
    throw new RejectedError("bad_value", mapping.join("; "), { context: { field: "columns" } });
}

function connectionFor(deps: Deps, wished: string | undefined): string {
  const doors = Object.values(deps.config.connections).filter(
    ({ name, objects }) => deps.connectorOf(name).byHand === true && objects[OBJECT] !== undefined,
  );
  if (wished !== undefined) {
    if (doors.some(({ name }) => name === wished)) return wished;
    throw new RejectedError("not_found", `${wished} is no connection of connector import with object ${OBJECT}`);
  }
  const [door, ...others] = doors;
  if (door === undefined)
    throw new RejectedError(
      "not_found",
      "No connection takes files: add one of connector import to kobling.yaml (docs/first-day.md shows it)",
    );
  if (others.length > 0)
    throw new RejectedError("bad_value", `Name the connection: ${doors.map(({ name }) => name).join(", ")}`, {
      context: { field: "connection" },
    });
  return door.name;
}

interface Kept {
  readonly bytes: number;
  readonly sha256: string;
  readonly encoding: FoundEncoding;
  readonly isZip: boolean;
}

/** Keeps the file piece by piece as it arrives; a slow store holds the sender back. */
async function keepFile(sql: Sql, id: string, source: AsyncIterable<Uint8Array>, most: number): Promise<Kept> {
  const hash = createHash("sha256");
  const scout = encodingScout();
  let bytes = 0;
  let number = 0;
  let isZip = false;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    if (waitingBytes === 0) return;
    await addImportChunk(sql, id, number, Buffer.concat(waiting, waitingBytes));
    number += 1;
    waiting = [];
    waitingBytes = 0;
  };
  for await (const piece of source) {
    if (bytes === 0) isZip = piece[0] === 0x50 && piece[1] === 0x4b;
    bytes += piece.length;
    if (bytes > most)
      throw new RejectedError("too_long", `The file is larger than ${most} bytes`, { context: { most } });
    hash.update(piece);
    if (!isZip) scout.see(piece);
    waiting.push(piece);
    waitingBytes += piece.length;
    if (waitingBytes >= CHUNK_BYTES) await flush();
  }
  await flush();
  if (bytes === 0) throw new RejectedError("bad_shape", "The file is empty");
  return { bytes, sha256: hash.digest("hex"), encoding: scout.found(), isZip };
}

export async function getImport(sql: Sql, id: string): Promise<Import> {
  const found = await findImport(sql, id);
  if (found === undefined) throw new RejectedError("not_found", "There is no import with this id");
  return found;
}

/** Reads the file another way than was guessed. What was said before stays said. Not after it was carried out. */
export async function correctImport(deps: Deps, id: string, wishes: Wishes): Promise<Import> {
  const { sql } = deps.db;
  const before = await getImport(sql, id);
  assertOpen(before);
  const { columns, format, encoding, ...others } = before.settings;
  // Read as another table, its columns are others.
  const isAnother = (["encoding", "delimiter", "sheet", "headingRow"] as const).some(
    (name) => wishes[name] !== undefined,
  );
  const said: Wishes = isAnother
    ? { encoding, ...withoutKey(others), ...wishes }
    : {
        encoding,
        ...others,
        ...wishes,
        columns: { ...Object.fromEntries(columns.map(({ column, field }) => [column, field])), ...wishes.columns },
      };
  const was = before.found.encoding;
  const { settings, found } = await look(sql, id, format, { encoding, isGuess: was.isGuess, reason: was.reason }, said);
  const seen = wishes.encoding === undefined ? { ...found, encoding: was } : found;
  await sql.begin(async (tx) => {
    const locked = await lockImport(tx, id);
    if (locked !== undefined) assertOpen(locked);
    await changeImport(tx, id, settings, seen);
  });
  return getImport(sql, id);
}

const withoutKey = ({ key: _, ...others }: Omit<ImportSettings, "columns" | "format" | "encoding">) => others;

function assertOpen({ run, isKept }: Import): void {
  if (run !== null)
    throw new RejectedError("conflict", "The file was carried out already: bring it in once more", {
      context: { run },
    });
  if (!isKept) throw new RejectedError("gone", "The file is not kept any more: bring it in once more");
}

/** Orders a dry run: a preview that a worker carries out. */
export async function tryImport(deps: Deps, id: string, by: Actor): Promise<{ run: number }> {
  const { sql } = deps.db;
  const run = await sql.begin(async (tx) => {
    const file = await lockImport(tx, id);
    if (file === undefined) throw new RejectedError("not_found", "There is no import with this id");
    assertOpen(file);
    if (file.settings.columns.every(({ field }) => field === null))
      throw new RejectedError("bad_value", "No column is for any field: say which is for what", {
        context: { field: "columns" },
      });
    const { connection, object } = file;
    const previewRun = await openRun(tx, { connection, object, kind: "preview", by: by.name, detail: { import: id } });
    await beginImport(tx, id, { previewRun });
    return previewRun;
  });
  const { connection } = await getImport(sql, id);
  await deps.queue.due("run", connection);
  return { run };
}

/**
 * Carries an import out, after a dry run that is done and still fresh (rules R26, R27): a run of kind `import`, which a
 * worker takes up, and which is undone as one. Throws RejectedError `not_fresh`, `busy` while another import of the
 * connection is under way, `exists` where the same content was imported before, unless `again` says that it is meant.
 */
export async function applyImport(
  deps: Deps,
  id: string,
  wish: { again?: boolean; by: Actor },
): Promise<{ run: number }> {
  const { sql } = deps.db;
  const { by } = wish;
  const file = await getImport(sql, id);
  assertOpen(file);
  const { connection, object, previewRun } = file;
  if (previewRun === null || (await findRun(sql, previewRun))?.state !== "done")
    throw new RejectedError("not_fresh", "Try it first: a dry run shows what it would do", { context: { id } });
  const same = wish.again === true ? undefined : await sameContent(sql, file);
  if (same !== undefined)
    throw new RejectedError(
      "exists",
      `The same content was imported by run ${same.run}. Where that was undone, undo the undo; else say again`,
      { context: { run: same.run } },
    );
  const busy = await importUnderWay(sql, connection);
  if (busy !== undefined)
    throw new RejectedError("busy", `Run ${busy} imports into ${connection}: wait for it`, { context: { run: busy } });
  await release(deps, { connection, object, preview: previewRun, direction: "in", by });
  const run = await sql.begin(async (tx) => {
    const locked = await lockImport(tx, id);
    if (locked === undefined) throw new RejectedError("not_found", "There is no import with this id");
    assertOpen(locked);
    const opened = await openRun(tx, { connection, object, kind: "import", by: by.name, detail: { import: id } });
    await beginImport(tx, id, { run: opened });
    return opened;
  });
  await deps.queue.due("run", connection);
  deps.log.info("import.ordered", { importId: id, connection, runId: run });
  return { run };
}
