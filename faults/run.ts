import { writeFile } from "node:fs/promises";
import type { Run } from "../demo/gateway.ts";
import type { LinkOf } from "../demo/oracle.ts";
import { until } from "../rig/until.ts";
import type { Fields } from "./companies.ts";
import { judge, numberOf, readKept, type Verdict } from "./judge.ts";
import { drawKills, killIn, STATES, type State } from "./kills.ts";
import { Load } from "./load.ts";
import { fillDisk, flushRedis, restartRedis, shutDown, takeRemoteAway } from "./mishaps.ts";
import { type Backend, openStage, type Stage } from "./stage.ts";

export interface FaultRun {
  readonly backend: Backend;
  readonly seed: number;
  readonly records: number;
  /** Kills in each state. */
  readonly kills: number;
  /** How long the ledger is gone. */
  readonly goneMs: number;
  /** What the dead held is taken from them after 45 s instead of one or two minutes: for small runs. */
  readonly hurry: boolean;
  readonly logs?: string | undefined;
  readonly say: (text: string) => void;
  /** Aborted: everything is taken down at once, and the run has failed. */
  readonly stop: AbortSignal;
}

export interface FaultResult extends Verdict {
  readonly backend: Backend;
  readonly seconds: number;
  readonly kills: Readonly<Record<State, number>>;
}

/** It settles as long as anything moves; leases of the dead run out within this. */
const LONGEST_STILL_MS = 330_000;
const LONGEST_SETTLE_MS = 3_600_000;
/** Longer than a batch whose reading and whose write both run out of time (15 s each), so that nobody who lives holds a lease that old. */
const HURRIED_LEASE_S = 45;
const LEASE_S = 120;
/** A run whose process is alive says so every 15 s, for so long. */
const ALIVE_S = 60;

/** A two-way sync on one queue backend, during which everything that may die does. Ends by itself, whatever happens. */
export async function faultRun(options: FaultRun): Promise<FaultResult> {
  const { backend, records, say } = options;
  const began = performance.now();
  const done: Record<State, number> = {
    ...{ "change kept": 0, "mid-commit": 0, "after intent": 0, "after send": 0, "after answer": 0 },
  };
  const stage = await openStage({ ...options, pollSeconds: records > 2_000 ? 10 : 2 });
  const faults: string[] = [];
  let verdict: Verdict = { lost: 0, doubled: 0, drift: 0, faults: [] };
  const stopped = new Promise<never>((_, reject) => {
    const tell = (): void => reject(new Error("stopped from outside"));
    if (options.stop.aborted) tell();
    options.stop.addEventListener("abort", tell, { once: true });
  });
  stopped.catch(() => undefined); // met below
  const hurrying = options.hurry ? setInterval(() => void endOldLeases(stage), 1000) : undefined;
  try {
    const played = play(stage, options, done, faults);
    played.catch(() => undefined); // met here, unless it was stopped before
    verdict = await Promise.race([played, stopped]);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  } finally {
    clearInterval(hurrying);
    faults.push(...stage.crm.faults.slice(0, 10), ...stage.ownDeaths().map((words) => `ended by itself: ${words}`));
    for (const [event, times] of stage.logged()) say(`logged: ${event} ${times}`);
    await stage.close();
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  return { ...verdict, backend, seconds, kills: done, faults: [...faults, ...verdict.faults] };
}

async function play(stage: Stage, options: FaultRun, done: Record<State, number>, faults: string[]): Promise<Verdict> {
  const { backend, seed, records, say } = options;
  await stage.release("erp", "debitor");
  await stage.release("crm", "kundeemne");
  const { ledger, crm, random } = stage;
  const load = new Load({ ledger, crm, seed, random, editsPerSecond: records > 2_000 ? 40 : 20 });
  const some = (part: number): number => Math.min(0.02, part / records);
  stage.remote.trouble({ reset: some(40), torn: some(40), hole: some(5) / 2 });
  load.feedTo(Math.ceil(records / 10));
  load.start();
  crm.start();
  say(`${backend}: ${records} companies, half born in the ledger, half in the CRM`);

  const kills = drawKills(random, options.kills);
  for (const [n, { state, victim }] of kills.entries()) {
    load.feedTo(Math.ceil((records * (n + 2)) / (kills.length + 2)));
    await killIn(stage, state, victim);
    done[state] += 1;
    if (n === Math.floor(kills.length / 3)) await flushRedis(stage);
    if (n === Math.floor((2 * kills.length) / 3)) await restartRedis(stage);
  }
  load.feedTo(records);
  await fillDisk(stage, 10, 2_000);
  const away = takeRemoteAway(stage, options.goneMs);
  await shutDown(stage, 2_000);
  await away;
  stage.remote.trouble({ reset: 0, torn: 0, hole: 0 });
  await load.stop();
  const struck = stage.remote.struck();
  say(`on the way to the ledger: ${struck.reset} resets, ${struck.torn} torn bodies, ${struck.hole} black holes`);
  say(`${load.truth.size} companies, ${load.edits} edits; waiting until all is quiet`);
  faults.push(...(await settle(stage)));
  await stage.call("POST", "/v1/connections/erp/runs", { kind: "reconcile", object: "debitor" });
  faults.push(...(await settle(stage)));
  const verdict = judge(await gather(stage, load));
  if (options.logs !== undefined && verdict.faults.length > 0) await keepEvidence(stage, options.logs);
  return verdict;
}

async function endOldLeases({ database }: Stage): Promise<void> {
  const sql = database.sql();
  const ended = (column: string, seconds: number): string =>
    `${column} = kobling_now() - interval '1 second' where ${column} between kobling_now()
       and kobling_now() + interval '${seconds} seconds'`;
  await Promise.all([
    sql.unsafe(`update deliveries set ${ended("lease_until", LEASE_S - HURRIED_LEASE_S)} and state = 'leased'`),
    sql.unsafe(`update runs set ${ended("alive_until", ALIVE_S - HURRIED_LEASE_S)} and state = 'running'`),
  ]).catch(() => undefined); // the database is dead just now
}

/** What the database says of the records that a case is open for, for whoever looks for the fault. */
async function keepEvidence({ database, backend }: Stage, folder: string): Promise<void> {
  const sql = database.sql();
  const reviews = await sql`select * from reviews where state = 'open' order by id limit 20`;
  const ids = [...new Set(reviews.flatMap(({ entity_id: id }) => (id === null ? [] : [String(id)])))];
  const links = await sql`select * from links where entity_id = any(${ids}::uuid[])`;
  const evidence = {
    reviews,
    links,
    history: await sql`select * from history where entity_id = any(${ids}::uuid[]) order by entity_id, version`,
    deliveries: await sql`select * from deliveries where entity_id = any(${ids}::uuid[]) order by id`,
    attempts: await sql`
      select a.* from attempts a join deliveries d on d.id = a.delivery_id where d.entity_id = any(${ids}::uuid[]) order by a.id`,
    changes: await sql`
      select c.* from changes c join links l using (connection, object, external_id)
      where l.entity_id = any(${ids}::uuid[]) order by c.id`,
  };
  await writeFile(`${folder}/${backend}-evidence.json`, JSON.stringify(evidence, null, 1));
}

interface Open {
  readonly waiting: number;
  readonly deliveries: number;
  readonly runs: number;
}

/** Waits until nothing is read, decided, due or in flight; a sentence when that does not come. */
async function settle(stage: Stage): Promise<string[]> {
  const sql = stage.database.sql();
  let last: Open | undefined;
  let moved = performance.now();
  let told = performance.now();
  try {
    await until(
      "all is quiet",
      LONGEST_SETTLE_MS,
      async () => {
        const [open] = await sql<Open[]>`
          select (select count(*)::int from changes where state = 'received') as waiting,
            (select count(*)::int from deliveries where state in ('due', 'leased', 'uncertain')) as deliveries,
            (select count(*)::int from runs where state in ('waiting', 'running')) as runs`;
        if (JSON.stringify(open) !== JSON.stringify(last)) moved = performance.now();
        else if (performance.now() - moved > LONGEST_STILL_MS) throw new Error("nothing moves");
        last = open;
        if (performance.now() - told > 15_000) {
          stage.say(`… ${open?.waiting} changes wait, ${open?.deliveries} deliveries and ${open?.runs} runs are open`);
          told = performance.now();
        }
        return stage.crm.isCalm() && open?.waiting === 0 && open.deliveries === 0 && open.runs === 0;
      },
      200,
    );
    return [];
  } catch {
    return [
      `it does not get quiet: ${last?.waiting} changes wait, ${last?.deliveries} deliveries and ${last?.runs} runs are open`,
    ];
  }
}

async function gather(stage: Stage, load: Load): Promise<Parameters<typeof judge>[0]> {
  const { ledger, crm, call } = stage;
  const made = await ledger.control<{ applied: boolean; body: Fields | null }[]>("GET", "log?method=POST");
  const status = await call<{ totals: { drift: number } }>("GET", "/v1/status");
  return {
    ledger: await ledger.control<Fields[]>("GET", "rows/Debitorer"),
    crm: crm.read(),
    truth: load.truth,
    bornInLedger: load.bornInLedger,
    createdInLedger: made.flatMap(({ applied, body }) => (applied && body !== null ? [numberOf(body)] : [])),
    createdInCrm: crm.creates.map(({ number }) => number),
    acknowledged: crm.acknowledged,
    receipted: crm.receipted,
    kept: await readKept(stage.database.sql()),
    links: [
      ...(await all<LinkOf>(stage, "/v1/links?connection=erp")),
      ...(await all<LinkOf>(stage, "/v1/links?connection=crm")),
    ],
    runs: await all<Run>(stage, "/v1/runs?"),
    reviews: await all<{ kind: string; reason: string }>(stage, "/v1/reviews?"),
    statusDrift: status.totals.drift,
  };
}

/** All pages of a list; taken for what the API's own document says that they are. */
async function all<T>({ call }: Stage, path: string): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: T[]; next: string | null } = await call("GET", `${path}&limit=500${from}`);
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
}

/** `change kept 3, mid-commit 3, …` */
export const killsInWords = (kills: Readonly<Record<State, number>>): string =>
  STATES.map((state) => `${state} ${kills[state]}`).join(", ");
