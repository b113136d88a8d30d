import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debitor } from "../rig/debitorer.ts";
import { type RunningGateway, startGateway } from "../rig/gateway.ts";
import { type Ledger, startLedger } from "../rig/ledger.ts";
import { runBare } from "./bare-limits.ts";
import { cpuOf, perUnit } from "./cpu.ts";

export interface ConversionRound {
  /** Conversions per second: matched at the ledger, made there, linked, answered. */
  readonly ours: number;
  /** The calls that reached the ledger, alone. */
  readonly bare: number;
  /** The calls that each conversion makes when it is the only one: a look through the list (S88), and the create. */
  readonly bareEach: number;
}

const SEED = 55;
const IN_FLIGHT = 32;
const WAIT_MS = 30_000;
const LOGGED = 1_000_000;

/**
 * So many emner become debitorer, 32 conversions in flight. The bare pool then makes the very calls that reached the
 * ledger, reads and creates in their order, to a second ledger that is as empty as the first was; and to a third what
 * they would be if conversions shared no look through the list.
 */
export async function conversionRound(emner: number, say: (text: string) => void): Promise<ConversionRound> {
  const ledgers: Ledger[] = [];
  const another = async (): Promise<Ledger> => {
    const ledger = await startLedger(LOGGED);
    ledgers.push(ledger);
    return ledger;
  };
  try {
    const ledger = await another();
    const { ours, calls, spent } = await convertAll(ledger, emner);
    const bare = emner / (await secondsOf(calls, await another()));
    const [look] = calls.filter(({ method }) => method === "GET");
    const each = calls.filter(({ method }) => method === "POST").flatMap((create) => (look ? [look, create] : []));
    const bareEach = emner / (await secondsOf(each, await another()));
    const figures = `ours ${Math.round(ours)}/s, bare ${Math.round(bare)}/s, bare one by one ${Math.round(bareEach)}/s`;
    say(`conversions: ${figures} (a conversion: ${spent})`);
    return { ours, bare, bareEach };
  } finally {
    for (const ledger of ledgers) await ledger.program.stop();
  }
}

type Call = Awaited<ReturnType<Ledger["takeRequests"]>>[number];

/** Gives conversions per second, and what was asked of the ledger meanwhile. */
async function convertAll(
  ledger: Ledger,
  emner: number,
): Promise<{ ours: number; calls: readonly Call[]; spent: string }> {
  const gateway = await startGateway({
    connections: {
      kb: {
        connector: "keybalance",
        settings: { baseUrl: ledger.baseUrl, token: ledger.token },
        limits: { requests: 1_000_000, per: "1s" },
        objects: { debitor: { direction: "both", firstMeeting: "remote", create: "none", poll: "1h" } },
      },
    },
  });
  try {
    await gateway.release("kb", "debitor");
    const ids = await made(gateway, emner);
    await ledger.takeRequests();
    const before = await cpuOf(gateway, { ledger: ledger.program.pid });
    const began = performance.now();
    const accounts = new Set(await atOnce(ids, (id) => converted(gateway, id)));
    const seconds = (performance.now() - began) / 1000;
    const spent = perUnit(before, await cpuOf(gateway, { ledger: ledger.program.pid }), emner);
    if (accounts.size !== emner) throw new Error(`${emner} emner have become ${accounts.size} debitorer`);
    return { ours: emner / seconds, calls: await ledger.takeRequests(), spent };
  } finally {
    await gateway.close();
  }
}

async function made(gateway: RunningGateway, emner: number): Promise<string[]> {
  return await atOnce([...Array(emner).keys()], async (n) => {
    const { firmanavn, cvrNr, adresse1, postnr, landekode, telefon } = debitor(SEED, n);
    const body = { firmanavn, cvrNr, adresse1, postnr, landekode, telefon };
    return (await gateway.call<{ meta: { id: string } }>("POST", "/v1/kundeemner", body)).meta.id;
  });
}

/** Gives the number of the account. */
async function converted(gateway: RunningGateway, id: string): Promise<string> {
  const body = { to: "debitor", connection: "kb", waitMs: WAIT_MS };
  const conversion = await gateway.call<{ state: string; reason: string | null; externalId: string | null }>(
    "POST",
    `/v1/kundeemner/${id}/convert`,
    body,
  );
  if (conversion.state === "done" && conversion.externalId !== null) return conversion.externalId;
  throw new Error(`A conversion is ${conversion.state}: ${conversion.reason}`);
}

/** Seconds that calls take by themselves. */
async function secondsOf(calls: readonly Call[], ledger: Ledger): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "kobling-calls-"));
  try {
    const path = join(folder, "calls.ndjson");
    await writeFile(path, calls.map((call) => JSON.stringify(call)).join("\n"));
    return (await runBare("pool", { origin: ledger.origin, requests: path })).seconds;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function atOnce<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (const [at, item] of left) results[at] = await act(item);
    }),
  );
  return results;
}
