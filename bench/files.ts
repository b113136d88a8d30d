import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { request } from "undici";
import { debitor } from "../rig/debitorer.ts";
import { type RunningGateway, startGateway } from "../rig/gateway.ts";
import { until } from "../rig/until.ts";
import { type Bare, bareUpsert, makeCopies, runBare } from "./bare-limits.ts";

export interface FilesRound {
  /** Rows per second from the order to the last decision. */
  readonly taken: number;
  /** The same of the dry run, which writes nothing. */
  readonly tried: number;
  readonly parsed: Bare;
  readonly upserted: Bare;
}

const LONGEST_MS = 3_600_000;
const LOOK_MS = 50;

const connections = {
  regneark: { connector: "import", objects: { kundeemne: { direction: "in", create: "in", firstMeeting: "crm" } } },
};

/** Fields of the made-up companies that a spreadsheet has columns for, 20 of them. */
const columns = [
  ...[
    "firmanavn",
    "soegenavn",
    "adresse1",
    "adresse2",
    "postnr",
    "bynavn",
    "landekode",
    "cvrNr",
    "telefon",
    "attention",
  ],
  ...[
    "bogholderiEmail",
    "hjemmeside",
    "ansvarligSaelger",
    "standardMoms",
    "valuta",
    "leveringsbetingelser",
    "afdelinger",
  ],
  ...["betalingsbetingelser", "bogfoeringsgruppeDeb", "eanLokationsnr"],
];

/** A file of new companies, brought in on a fresh installation: tried, carried out; then the bare programs with the same. */
export async function filesRound(rows: number, say: (text: string) => void): Promise<FilesRound> {
  const gateway = await startGateway({ connections });
  try {
    const file = join(gateway.home, "kunder.csv");
    await writeTable(file, rows);
    const id = await bring(gateway, file);
    const tried = await carriedOut(gateway, `/v1/imports/${id}/preview`, rows);
    say(`tried: ${Math.round(rows / tried)}/s`);
    const taken = await carriedOut(gateway, `/v1/imports/${id}/apply`, rows);
    say(`taken: ${Math.round(rows / taken)}/s`);
    const [made] = await gateway.sql<
      { n: number }[]
    >`select count(*)::int as n from kundeemner where kontonummer is not null`;
    if (made?.n !== rows) throw new Error(`${made?.n} of ${rows} rows have become Kundeemner`);
    const parsed = await runBare("csv", { file, delimiter: ";" });
    await makeCopies(gateway);
    const upserted = await bareUpsert(gateway);
    return { taken: rows / taken, tried: rows / tried, parsed, upserted };
  } finally {
    await gateway.close();
  }
}

/** What reading and writing would take bare, one after the other, in rows per second. */
export const bareFiles = ({ parsed, upserted }: FilesRound): number =>
  1 / (1 / parsed.rowsPerSecond + 1 / upserted.rowsPerSecond);

async function writeTable(path: string, rows: number): Promise<void> {
  const file = await open(path, "w");
  await file.write(`kontonummer;${columns.join(";")}\r\n`);
  for (let at = 0; at < rows; at += 1_000) {
    const lines: string[] = [];
    for (let n = at; n < Math.min(rows, at + 1_000); n += 1) {
      const company = debitor(1, n);
      lines.push([`A${n}`, ...columns.map((name) => company[name] ?? "")].join(";"));
    }
    await file.write(`${lines.join("\r\n")}\r\n`);
  }
  await file.close();
}

async function bring({ url, key }: RunningGateway, file: string): Promise<string> {
  const answer = await request(`${url}/v1/imports?fileName=kunder.csv`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "text/csv" },
    body: createReadStream(file),
    headersTimeout: LONGEST_MS,
  });
  const told = await answer.body.text();
  if (answer.statusCode !== 201) throw new Error(`The file was answered ${answer.statusCode}: ${told}`);
  return (JSON.parse(told) as { id: string }).id; // as /openapi.json says
}

/** Orders a run and waits until it is over; gives the seconds. All rows must have become new records. */
async function carriedOut(gateway: RunningGateway, path: string, rows: number): Promise<number> {
  const began = performance.now();
  const body = path.endsWith("/apply") ? {} : undefined;
  const { id } = await gateway.call<{ id: number }>("POST", path, body);
  await until(
    `run ${id} has ended`,
    LONGEST_MS,
    async () => {
      if (!gateway.program.isRunning()) await gateway.program.ended;
      const [run] = await gateway.sql<{ state: string; counts: Record<string, number>; detail: unknown }[]>`
        select state, counts, detail from runs where id = ${id}`;
      if (run?.state === "failed" || run?.state === "stopped")
        throw new Error(`Run ${id} ended ${run.state}: ${JSON.stringify(run.detail)}`);
      if (run?.state === "done" && run.counts.created !== rows)
        throw new Error(`Run ${id} counts ${JSON.stringify(run.counts)}, wanted ${rows} created`);
      return run?.state === "done";
    },
    LOOK_MS,
  );
  return (performance.now() - began) / 1000;
}
