import { copenhagenDate } from "../danish/dates.ts";
import { RejectedError } from "../lib/errors.ts";
import { contentHash } from "../lib/hash.ts";
import type { Values } from "../model/catalogue.ts";
import { readNow } from "../store/clock.ts";
import {
  addRowFaults,
  claimRows,
  endPassingLinks,
  type Import,
  importOfRun,
  noteRowsDone,
  type RowFault,
} from "../store/imports.ts";
import { addPreviewItems, addRunCounts, type Run } from "../store/runs.ts";
import type { Deps } from "./deps.ts";
import { mappingOfImport, tableRows } from "./import-file.ts";
import { readRow } from "./import-row.ts";
import { ingestAndReadAgain } from "./listing.ts";
import type { Take } from "./preview.ts";
import { receive } from "./receive.ts";

/** Begins the external id of a row that no later file can name. */
export const PASSING = "row:";
const LONGEST_ID = 200;
/** So many rows are kept before they are decided: the inbox does not grow with the file. */
const AHEAD = 10_000;

/** The file that a preview looks at, where it is one of an import. */
export async function findFile(deps: Deps, { id, connection }: Run): Promise<Import | undefined> {
  return deps.connectorOf(connection).byHand === true ? await importOfRun(deps.db.sql, id) : undefined;
}

/** A dry run: the rows of a file as what a preview decides; what is wrong with the others is written down. */
export const takeFile =
  (file: Import): Take =>
  async (deps, _connection, object, runId) => {
    let read = 0;
    for await (const { sound, faults, bad } of readFile(deps, file, 0)) {
      const items = sound.map(({ externalId, data }) => ({ externalId, hash: contentHash(data), image: data }));
      read += bad + (await addPreviewItems(deps.db.sql, runId, object, items));
      await addRowFaults(deps.db.sql, file.id, faults);
      if (bad > 0) await addRunCounts(deps.db.sql, new Map([[runId, { refused: bad }]]));
    }
    return read;
  };

/**
 * Reads the file of an import and takes its rows in, the ordinary way: kept, matched, decided. Goes on where an earlier
 * process has left it. Every row counts once; a file that breaks off keeps what stood before the break.
 */
export async function readImport(deps: Deps, runId: number): Promise<void> {
  const file = await importOfRun(deps.db.sql, runId);
  if (file === undefined) throw new RejectedError("not_found", "The import of this run is gone");
  const { connection, object } = file;
  await endPassingLinks(deps.db.sql, connection, object, PASSING);
  let deciding: Promise<void> | undefined;
  let ahead = 0;
  try {
    for await (const { sound, faults, bad, lastRow } of readFile(deps, file, file.rowsDone)) {
      const within = async (tx: Parameters<typeof addRowFaults>[0]): Promise<void> => {
        await addRowFaults(tx, file.id, faults);
        await noteRowsDone(tx, file.id, lastRow);
        if (bad > 0) await addRunCounts(tx, new Map([[runId, { read: bad, refused: bad }]]));
      };
      await receive(deps, { connection, object, via: "push", runId, whole: true, within }, sound);
      ahead += sound.length;
      if (ahead < AHEAD) continue;
      await deciding;
      ahead = 0;
      deciding = ingestAndReadAgain(deps, connection);
      // Heard of when it is waited for, at the latest below.
      deciding.catch(() => undefined);
    }
  } finally {
    await deciding;
    await ingestAndReadAgain(deps, connection);
    await endPassingLinks(deps.db.sql, connection, object, PASSING);
  }
}

interface Rows {
  readonly sound: readonly { readonly externalId: string; readonly data: Values }[];
  readonly faults: readonly RowFault[];
  /** Rows with faults. */
  readonly bad: number;
  readonly lastRow: number;
}

/** The rows of a file after `done`, some hundred at a time, sound ones with their external ids and the others with their faults. */
async function* readFile(deps: Deps, file: Import, done: number): AsyncGenerator<Rows> {
  const { settings } = file;
  const mapping = mappingOfImport(settings);
  if (!("readRemote" in mapping)) throw new RejectedError("bad_value", mapping.join("; "));
  const today = copenhagenDate(new Date(await readNow(deps.db.sql)));
  const { format, columns, key } = settings;
  const { vocabularies } = deps.config;
  const reader = { format, columns, mapping, key, today, vocabularies };
  const isNumber = settings.columns.some(({ column, field }) => column === settings.key && field === "kontonummer");
  for await (const rows of tableRows(deps.db.sql, file)) {
    const faults: RowFault[] = [];
    const sound: { externalId: string; data: Values; row: number; line: number }[] = [];
    const bad = new Set<number>();
    const tell = (row: number, line: number, column: string, code: string, detail: string): void => {
      bad.add(row);
      faults.push({ row, line, place: faults.filter((each) => each.row === row).length, column, code, detail });
    };
    let lastRow = 0;
    for (const each of rows) {
      lastRow = each.row;
      if (each.row <= done) continue;
      const read = readRow(reader, each);
      if (!read.ok) {
        for (const fault of read.faults) tell(each.row, each.line, fault.column, fault.code, fault.detail);
        continue;
      }
      const externalId =
        read.key === undefined
          ? `${PASSING}${file.id}:${each.row}`
          : isNumber
            ? read.key
            : `${settings.key}=${read.key}`;
      if (externalId.length > LONGEST_ID)
        tell(each.row, each.line, settings.key ?? "", "too_long", `${LONGEST_ID} characters at most`);
      else sound.push({ externalId, data: read.data, row: each.row, line: each.line });
    }
    if (lastRow <= done) continue;
    const owners = await claimRows(deps.db.sql, file.id, sound);
    const own = sound.filter(({ externalId, row, line }) => {
      const owner = owners.get(externalId);
      if (owner === undefined || owner.row === row) return true;
      tell(row, line, settings.key ?? "", "duplicate_key", `The row of line ${owner.line} has the same key`);
      return false;
    });
    yield { sound: own, faults, bad: bad.size, lastRow };
  }
}
