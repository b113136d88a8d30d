import type { ExpectedHold, Known, Seeded } from "./companies.ts";
import type { Gateway, Run } from "./gateway.ts";
import type { Screen } from "./screen.ts";
import type { Row, Simulator } from "./simulator.ts";
import { until } from "./until.ts";

/** Everything the story plays with. */
export interface Stage {
  readonly screen: Screen;
  readonly erp: Simulator;
  readonly crm: Simulator;
  readonly gateway: Gateway;
  readonly seeded: Seeded;
  /** Grows when a scripted clash is about to happen: named before it does. */
  readonly expected: ExpectedHold[];
}

/** In the order in which they are released. The ledger first: what the CRM then says of a company it knows is the CRM's word. */
export const LANES = [
  { connection: "erp", object: "debitor" },
  { connection: "erp", object: "kreditor" },
  { connection: "crm", object: "kundeemne" },
  { connection: "crm", object: "kontaktperson" },
] as const;

const SETTLE_MS = 120_000;
/** Between two looks at the status, which costs the gateway a count of everything. */
const LOOK_MS = 200;
const TELL_MS = 4_000;
const RUN_MS = 60_000;
const SEEN_MS = 20_000;
const ENDED = new Set(["done", "partly", "failed", "stopped"]);

/** Waits until nothing is read, decided, due or in flight any more. */
export async function settled({ gateway, screen }: Stage): Promise<void> {
  let calm = 0;
  let told = Date.now();
  const isCalm = async () => {
    const { connections, totals } = await gateway.status();
    if (Date.now() - told > TELL_MS) {
      screen.line(`… ${totals.waiting} changes to decide, ${totals.due} writes to make`);
      told = Date.now();
    }
    const objects = connections.filter(({ state }) => state === "active").flatMap((connection) => connection.objects);
    const isBusy = objects.some(({ waiting, due, leased, uncertain }) => waiting + due + leased + uncertain > 0);
    return !isBusy && (await gateway.runs()).every((run) => ENDED.has(run.state));
  };
  const ask = async () => {
    calm = (await isCalm()) ? calm + 1 : 0;
    return calm >= 2 ? true : undefined;
  };
  await until("everything has settled", SETTLE_MS, ask, LOOK_MS);
}

/** What a person edits in the story. */
const EDITED = { erp: "debitor", crm: "kundeemne" } as const;

/** Has the edited object of a connection read now, and waits for what follows from it. */
export async function readNow(stage: Stage, connection: keyof typeof EDITED): Promise<Run> {
  const run = await ended(stage, await stage.gateway.startRun(connection, "delta", EDITED[connection]));
  await settled(stage);
  return run;
}

/** Reads everything of connections and compares it with what is known of it. */
export async function reconcile(stage: Stage, ...connections: string[]): Promise<Run[]> {
  const started = await Promise.all(connections.map((each) => stage.gateway.startRun(each, "reconcile")));
  const runs: Run[] = [];
  for (const run of started) runs.push(await ended(stage, run));
  await settled(stage);
  return runs;
}

/** The run when it has ended; a run that did not end well is a fault. */
export async function ended({ gateway, screen }: Stage, { id }: Run): Promise<Run> {
  const run = await until(`run ${id} has ended`, RUN_MS, async () => {
    const now = await gateway.run(id);
    return ENDED.has(now.state) ? now : undefined;
  });
  if (run.state !== "done" && run.state !== "partly") {
    screen.wrong(`The ${run.kind} of ${run.connection} ended ${run.state}: ${JSON.stringify(run.detail)}`);
  }
  return run;
}

/** Waits until a row shows a value; says so, or that it never came. */
export async function seen(
  { screen }: Stage,
  where: { readonly system: Simulator; readonly name: string; readonly id: string; readonly words: string },
  expected: Row,
): Promise<boolean> {
  let last: Row = {};
  const shows = await until("", SEEN_MS, async () => {
    last = await where.system.get(where.name, where.id);
    return Object.entries(expected).every(([field, value]) => last[field] === value) ? true : undefined;
  }).catch(() => false);
  const fields = Object.entries(expected).map(([field, value]) => `${field} = ${quoted(value)}`);
  if (shows) screen.saw(`${where.words} ${where.id} shows ${fields.join(", ")}`);
  else {
    const found = Object.keys(expected).map((field) => `${field} = ${quoted(last[field] ?? "")}`);
    screen.wrong(`${where.words} ${where.id} should show ${fields.join(", ")} and shows ${found.join(", ")}`);
  }
  return shows;
}

export const quoted = (text: string): string => (text === "" ? "(empty)" : `"${text}"`);

/** A company of the story with the rows that it must have. */
export interface Player {
  readonly name: string;
  readonly debitor: string;
  readonly kreditor: string;
  readonly emne: string;
  readonly row: Row;
}

export function player({ name, debitor, kreditor, emne }: Known): Player {
  if (debitor === undefined || emne === undefined) throw new Error(`${name} is no company of both systems`);
  return {
    ...{ name, row: debitor },
    debitor: debitor.Kontonr ?? "",
    kreditor: kreditor?.Kontonr ?? "",
    emne: emne.Kontonr ?? "",
  };
}

/** The record behind a row; throws when there is none. */
export async function recordOf({ gateway }: Stage, object: string, externalId: string): Promise<string> {
  const connection = object === "kundeemne" || object === "kontaktperson" ? "crm" : "erp";
  const query = new URLSearchParams({ object, externalId }).toString();
  const [link] = await gateway.links(connection, query);
  if (link === undefined || link.entityId === null) throw new Error(`${object} ${externalId} is not linked`);
  return link.entityId;
}
