import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bodyOf, changed, debitor } from "../rig/debitorer.ts";
import { type RunningGateway, startGateway } from "../rig/gateway.ts";
import { type Ledger, startLedger } from "../rig/ledger.ts";
import { until } from "../rig/until.ts";
import { runBare } from "./bare-limits.ts";
import { cpuOf, perUnit } from "./cpu.ts";
import { push } from "./push.ts";

export interface OutboundRound {
  /** Deliveries settled per second: read, write ahead, send, judge the answer. */
  readonly ours: number;
  readonly bare: number;
}

const ERP = { connection: "erp", object: "debitor" } as const;
const SEED = 77;
const LONGEST_MS = 20 * 60_000;
/** Looking for what is left costs the database as much as a few deliveries. */
const LOOK_MS = 50;

/**
 * Records come from a system that pushes and are owed to a KeyBalance ledger. First each is created there, which is not
 * counted; then, a round, three of its fields change and one update each goes out, with the reading right before the
 * write that a ledger without locks needs (rule R20). The bare pool then sends the same bodies to the same ledger.
 */
export async function outboundRounds(
  rows: number,
  rounds: number,
  say: (text: string) => void,
): Promise<OutboundRound[]> {
  const ledger = await startLedger(3 * rows);
  const gateway = await startGateway({
    connections: {
      erp: { connector: "api", objects: { debitor: { direction: "in", firstMeeting: "remote", create: "in" } } },
      kb: {
        connector: "keybalance",
        settings: { baseUrl: ledger.baseUrl, token: ledger.token },
        limits: { requests: 1_000_000, per: "1s" },
        objects: { debitor: { direction: "both", firstMeeting: "remote", create: "out", poll: "1h" } },
      },
    },
  }).catch(async (error: unknown) => {
    await ledger.program.stop();
    throw error;
  });
  try {
    await gateway.release("erp", "debitor");
    await gateway.release("kb", "debitor");
    const took: OutboundRound[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      await gateway.call("POST", "/v1/connections/kb/pause");
      const of = (n: number) => (round === 0 ? debitor(SEED, n) : changed(debitor(SEED, n), round));
      await push(gateway, ERP, [...bodyOf(rows, of, { counter: round + 1 })]);
      const before = await cpuOf(gateway, { ledger: ledger.program.pid });
      const seconds = await delivered(gateway, rows);
      const spent = perUnit(before, await cpuOf(gateway, { ledger: ledger.program.pid }), rows);
      const requests = await ledger.takeRequests(round === 0 ? "POST" : "PUT");
      if (requests.length !== rows) throw new Error(`${requests.length} requests reached the ledger, not ${rows}`);
      await verify(gateway, ledger, round);
      if (round === 0) {
        say(`outbound, creates: ${Math.round(rows / seconds)}/s (a delivery: ${spent})`);
        continue;
      }
      const path = join(gateway.home, "requests.ndjson");
      await writeFile(path, requests.map((each) => JSON.stringify(each)).join("\n"));
      const bare = await runBare("pool", { origin: ledger.origin, requests: path });
      await ledger.takeRequests("PUT");
      took.push({ ours: rows / seconds, bare: bare.rowsPerSecond });
      say(
        `outbound ${round}: ours ${Math.round(rows / seconds)}/s, bare ${Math.round(bare.rowsPerSecond)}/s (a delivery: ${spent})`,
      );
    }
    return took;
  } finally {
    await gateway.close();
    await ledger.program.stop();
  }
}

/** From the moment the connection is resumed until the last delivery is settled. */
async function delivered(gateway: RunningGateway, rows: number): Promise<number> {
  const [owed] = await gateway.sql<{ n: number }[]>`
    select count(*)::int as n from deliveries where connection = 'kb' and state = 'due'`;
  if (owed?.n !== rows) throw new Error(`${owed?.n} deliveries are due, not ${rows}`);
  const began = performance.now();
  await gateway.call("POST", "/v1/connections/kb/resume");
  await until(
    "every delivery is settled",
    LONGEST_MS,
    async () => {
      if (!gateway.program.isRunning()) await gateway.program.ended;
      const [row] = await gateway.sql<{ open: boolean }[]>`
        select exists (select 1 from deliveries where connection = 'kb' and state in ('due', 'leased', 'uncertain')) as open`;
      return row?.open === false;
    },
    LOOK_MS,
  );
  return (performance.now() - began) / 1000;
}

/** Every delivery is settled, none put aside, and a row at the ledger shows what the record holds. */
async function verify({ sql }: RunningGateway, ledger: Ledger, round: number): Promise<void> {
  const [odd] = await sql<{ n: number }[]>`
    select count(*)::int as n from deliveries where connection = 'kb' and state <> 'settled'`;
  const [one] = await sql<{ id: string; telefon: string }[]>`
    select l.external_id as id, k.telefon from links l join kundeemner k on k.id = l.entity_id where l.connection = 'kb' limit 1`;
  const row = one === undefined ? undefined : await ledger.row(one.id);
  const shows = row?.Telefon?.replace(/\D/g, "").slice(-8);
  if (odd?.n === 0 && one !== undefined && shows === one.telefon.replace(/\D/g, "").slice(-8)) return;
  throw new Error(`Round ${round}: ${odd?.n} deliveries are not settled; the ledger shows ${shows}`);
}
