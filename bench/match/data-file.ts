import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { matchFields } from "../../src/store/match-blocks.ts";
import type { Arrival, Population } from "./population.ts";

const LISTS: ReadonlySet<string> = new Set(["pNumre", "emailDomaener"]);
const YES: ReadonlySet<string> = new Set(["1", "yes", "ja", "true"]);
const NO: ReadonlySet<string> = new Set(["0", "no", "nej", "false"]);

/**
 * Labelled pairs from elsewhere: CSV (`,` or `;`, UTF-8) with a heading. `same` is 1 or 0; `a_<field>` is the known side,
 * `b_<field>` what comes in, for each field of a Kundeemne that matching reads; several values of one field are
 * parted by `|`. Lines whose `a_id` is the same speak of one known company. Throws with the line and column of a fault.
 */
export async function readPairs(file: string): Promise<Population> {
  const text = (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  const delimiter = (text.split(/\r?\n/, 1)[0] ?? "").includes(";") ? ";" : ",";
  const rows: Record<string, string>[] = parse(text, { columns: true, delimiter, skip_empty_lines: true, trim: true });
  const [head] = rows;
  if (head === undefined) throw new Error(`${file} has no pairs`);
  assertColumns(file, Object.keys(head));
  const known: Record<string, unknown>[] = [];
  const places = new Map<string, number>();
  const arrivals: Arrival[] = rows.map((row, at) => {
    const id = row.a_id === undefined || row.a_id === "" ? `line ${at}` : row.a_id;
    let place = places.get(id);
    if (place === undefined) {
      place = known.push(sideOf(row, "a_")) - 1;
      places.set(id, place);
    }
    const same = (row.same ?? "").toLowerCase();
    if (!YES.has(same) && !NO.has(same)) throw new Error(`${file}, line ${at + 2}: \`same\` is 1 or 0`);
    const isSame = YES.has(same);
    return { company: sideOf(row, "b_"), sort: isSame ? "same" : "other", means: isSame ? place : null, faults: [] };
  });
  return { known, arrivals };
}

function assertColumns(file: string, columns: readonly string[]): void {
  const fields = new Set<string>(matchFields);
  const isKnown = (column: string): boolean =>
    ["same", "a_id"].includes(column) || (/^[ab]_/.test(column) && fields.has(column.slice(2)));
  const strange = columns.filter((column) => !isKnown(column));
  if (strange.length > 0)
    throw new Error(`${file} has unknown columns: ${strange.join(", ")}; fields are ${matchFields.join(", ")}`);
  const missing = ["same", "a_firmanavn", "b_firmanavn"].filter((column) => !columns.includes(column));
  if (missing.length > 0) throw new Error(`${file} lacks the columns ${missing.join(", ")}`);
}

function sideOf(row: Readonly<Record<string, string>>, prefix: string): Record<string, unknown> {
  const side: Record<string, unknown> = { landekode: "DK" };
  for (const field of matchFields) {
    const value = row[prefix + field];
    if (value === undefined || value === "") continue;
    side[field] = LISTS.has(field) ? value.split("|").map((each) => each.trim()) : value;
  }
  return side;
}
