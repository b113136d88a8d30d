import { until } from "../rig/until.ts";
import type { Where } from "./postgres-proxy.ts";
import type { GatewayProcess, Stage } from "./stage.ts";

export const STATES = ["change kept", "mid-commit", "after intent", "after send", "after answer"] as const;
/** The five moments at which a process is killed, in the order of a change's way. */
export type State = (typeof STATES)[number];
export type Victim = GatewayProcess | "database";
export const VICTIMS: readonly Victim[] = ["worker", "api", "database"];

/** The gateway stands in the state, and stays there until `release`. */
interface Reached {
  /** What shows that it does, seen past the proxies. */
  readonly evidence: string;
  /** For what is held on a wire: its client has closed the connection. */
  readonly clientGone?: Promise<void> | undefined;
  release(): void;
}

const WITHIN_MS = 120_000;

const TAKES_WAITING: Where = ({ text }) => text.includes("from changes where id = any") && text.includes("for update");
const KEEPS_CHANGES: Where = ({ text }) => text.startsWith("insert into changes");
const ENDS_ATTEMPTS: Where = ({ text }) => text.startsWith("update attempts a set state = x.state");
const commitsAfter =
  (part: string): Where =>
  ({ text, earlier }) =>
    text === "commit" && earlier.some((each) => each.includes(part));
const COMMITS_DECISION = commitsAfter("insert into history");
const COMMITS_RECEIPTS = commitsAfter("update attempts a set state = x.state");
const COMMITS_INTENT = commitsAfter("insert into attempts");

/** Brings the gateway into a state from which this victim is to be killed. Throws when it cannot be reached in time. */
export async function reach(stage: Stage, state: State, victim: Victim): Promise<Reached> {
  const { wires } = stage;
  const wire = victim === "api" ? wires.api : wires.worker;
  switch (state) {
    case "change kept": {
      // The api has kept the change and not said so; or it stands there and the worker is about to take it.
      if (victim === "api") return await hold(stage, wire.hold("answer", KEEPS_CHANGES), state, waitingChanges);
      return await hold(stage, wire.hold("statement", TAKES_WAITING), state, waitingChanges);
    }
    case "mid-commit": {
      const where = victim === "api" ? COMMITS_RECEIPTS : COMMITS_DECISION;
      return await hold(stage, wire.hold("statement", where), state, openTransactions);
    }
    case "after intent": {
      if (victim !== "database") return await hold(stage, wire.hold("answer", COMMITS_INTENT), state, begunAttempts);
      // The requests have left the gateway and not reached the ledger.
      return await hold(stage, stage.remote.holdWrites(), state, begunAttempts);
    }
    case "after send": {
      if (victim === "api") return await hold(stage, stage.crm.holdReceipts(), state, begunAttempts);
      return await heldAnswer(stage);
    }
    case "after answer":
      return await hold(stage, wire.hold("statement", ENDS_ATTEMPTS), state, begunAttempts);
  }
}

async function hold(
  stage: Stage,
  trap: { readonly sprung: Promise<void>; readonly clientGone?: Promise<void>; release(): void },
  state: State,
  look: (stage: Stage) => Promise<string>,
): Promise<Reached> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The state ${state} was not reached in ${WITHIN_MS} ms`)), WITHIN_MS);
  });
  try {
    await Promise.race([trap.sprung, late]);
    return { evidence: await look(stage), clientGone: trap.clientGone, release: trap.release };
  } catch (error) {
    trap.release();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

interface Logged {
  readonly n: number;
  readonly method: string;
  readonly status: number | null;
  readonly applied: boolean;
  readonly fault?: string;
}

/** The ledger has done the work and keeps its answer back. */
async function heldAnswer({ ledger }: Stage): Promise<Reached> {
  const counts = await ledger.control<Record<string, number>>("GET", "counts");
  let since = Object.values(counts).reduce((sum, count) => sum + count, 0);
  for (const verb of ["put", "post"])
    await ledger.control("POST", "faults", {
      fault: { kind: "lateAnswer", ms: null },
      ...{ function: "Debitorer", verb, times: 2 },
    });
  const isHeld = ({ fault, applied, status }: Logged) => fault === "lateAnswer" && applied && status === null;
  let held: Logged | undefined;
  await until("the ledger keeps an answer back", WITHIN_MS, async () => {
    const entries = await ledger.control<Logged[]>("GET", `log?since=${since}`);
    held = entries.find(isHeld);
    // A request that is not carried out yet is looked at again.
    since = Math.max(since, (entries.at(-1)?.n ?? 0) - 100);
    return held !== undefined;
  });
  await ledger.control("DELETE", "faults");
  return { evidence: `request ${held?.n} (${held?.method}) is carried out and not answered`, release: () => undefined };
}

async function counted(stage: Stage, what: string, query: string): Promise<string> {
  const [row] = await stage.database.sql().unsafe<{ n: number }[]>(query);
  const n = row?.n ?? 0;
  if (n === 0) throw new Error(`The trap was sprung, but there are no ${what}`);
  return `${n} ${what}`;
}

const waitingChanges = (stage: Stage) =>
  counted(stage, "changes kept and not decided", "select count(*)::int as n from changes where state = 'received'");
const begunAttempts = (stage: Stage) =>
  counted(stage, "attempts begun and not ended", "select count(*)::int as n from attempts where state = 'begun'");
const openTransactions = (stage: Stage) =>
  counted(
    stage,
    "transactions open before their COMMIT",
    "select count(*)::int as n from pg_stat_activity where backend_xid is not null and datname = current_database()",
  );

/** Every state with its victims, so often each, in an order drawn by the seed. */
export function drawKills(random: () => number, perState: number): { state: State; victim: Victim }[] {
  const kills = STATES.flatMap((state) => {
    const victims = shuffled(VICTIMS, random);
    return Array.from({ length: perState }, (_, n) => ({ state, victim: victims[n % victims.length] ?? "worker" }));
  });
  return shuffled(kills, random);
}

function shuffled<T>(of: readonly T[], random: () => number): T[] {
  return of
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/**
 * Kills the victim in the state and starts it again a moment later. A COMMIT that waits before a database to be killed is
 * let go in the same moment, so that now it gets through and now it does not.
 */
export async function killIn(stage: Stage, state: State, victim: Victim): Promise<void> {
  const began = performance.now();
  const reached = await reach(stage, state, victim);
  if (victim === "database" && state === "mid-commit") {
    reached.release();
    await new Promise((done) => setTimeout(done, stage.random() * 3));
  }
  await stage.kill(victim);
  await reached.clientGone; // so that what was held on its wire never gets through
  reached.release();
  await new Promise((done) => setTimeout(done, stage.random() * 1500));
  await stage.startAgain(victim);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  stage.say(`killed ${victim}, ${state}: ${reached.evidence} (${seconds} s)`);
}
