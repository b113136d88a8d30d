import { bodyOf, changed, debitor } from "../rig/debitorer.ts";
import { type RunningGateway, startGateway } from "../rig/gateway.ts";
import { type Bare, bareCopy, bareUpsert, makeCopies } from "./bare-limits.ts";
import { cpuOf, perUnit } from "./cpu.ts";
import { decided, type Pushed, push } from "./push.ts";

/** Rates of one round, per second. */
export interface InboundRound {
  readonly fresh: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly conflict: number;
  readonly bareFresh: Bare;
  readonly bareChanged: Bare;
  readonly copy: Bare;
}

const ERP = { connection: "erp", object: "debitor" } as const;
const CRM = { connection: "crm", object: "kundeemne" } as const;

/** A ledger and a CRM that both push; each object may be written both ways, so that every rule of the way in is asked. */
const connections = {
  erp: { connector: "api", objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } } },
  crm: { connector: "api", side: "crm", objects: { kundeemne: { direction: "in", firstMeeting: "crm" } } },
};

/**
 * One round on a fresh installation: `rows` new debitorer, the same with three of 25 fields changed, the same unchanged,
 * and `clashes` of them against an edit of the CRM's. The bare programs run in between, on the same server, while the
 * gateway has nothing to do.
 */
export async function inboundRound(
  seed: number,
  rows: number,
  clashes: number,
  say: (text: string) => void,
): Promise<InboundRound> {
  const gateway = await startGateway({ connections });
  try {
    await gateway.release("erp", "debitor");
    const of = (n: number) => debitor(seed, n);
    const edited = (n: number) => changed(of(n), 1);
    const pushed = async (what: string, body: Iterable<Buffer>): Promise<Pushed> => {
      const before = await cpuOf(gateway);
      const counted = await push(gateway, ERP, body);
      say(
        `${what}: ${Math.round(rows / counted.seconds)}/s (a record: ${perUnit(before, await cpuOf(gateway), rows)})`,
      );
      return counted;
    };
    const fresh = await pushed("new", [...bodyOf(rows, of, { counter: 1 })]);
    expectCounts("new", fresh, { kept: rows });
    await verify(gateway, rows, { created: rows }, 1);
    await makeCopies(gateway);
    const bareFresh = await bareUpsert(gateway);

    const second = await pushed("changed", [...bodyOf(rows, edited, { counter: 2 })]);
    expectCounts("changed", second, { kept: rows });
    await verify(gateway, rows, { created: rows, updated: rows }, 2);
    const bareChanged = await bareUpsert(gateway);
    const copy = await bareCopy(gateway);

    const third = await pushed("unchanged", [...bodyOf(rows, edited)]);
    expectCounts("unchanged", third, { repeats: rows });

    const fourth = await clash(gateway, seed, clashes);
    return {
      fresh: rows / fresh.seconds,
      changed: rows / second.seconds,
      unchanged: rows / third.seconds,
      conflict: clashes / fourth.seconds,
      ...{ bareFresh, bareChanged, copy },
    };
  } finally {
    await gateway.close();
  }
}

/**
 * The CRM's side gives each of the records another name; then the ledger sends a third name with two other fields. Names
 * are decided by a person, so each change opens one case.
 */
async function clash(gateway: RunningGateway, seed: number, rows: number): Promise<Pushed> {
  const named = (n: number) => ({ cvrNr: debitor(seed, n).cvrNr, firmanavn: `${debitor(seed, n).firmanavn} CRM` });
  // They wait in the inbox while the object is armed; the preview reads them there.
  await push(gateway, CRM, [...bodyOf(rows, named, { counter: 1, prefix: "K" })], { armed: true });
  await gateway.release("crm", "kundeemne");
  await decided(gateway, "crm");
  const clashing = (n: number) => ({
    ...changed(debitor(seed, n), 2),
    adresse1: changed(debitor(seed, n), 1).adresse1,
    firmanavn: `${debitor(seed, n).firmanavn} ERP`,
  });
  const pushed = await push(gateway, ERP, [...bodyOf(rows, clashing, { counter: 3 })]);
  expectCounts("conflicting", pushed, { kept: rows });
  const [row] = await gateway.sql<{ held: number }[]>`
    select count(*)::int as held from changes where connection = 'erp' and outcome = 'held'`;
  if (row?.held !== rows) throw new Error(`${row?.held} of ${rows} conflicting changes are held`);
  return pushed;
}

function expectCounts(what: string, { kept, repeats, rejectedCount }: Pushed, wanted: Partial<Pushed>): void {
  const [keep = 0, repeat = 0] = [wanted.kept, wanted.repeats];
  if (kept === keep && repeats === repeat && rejectedCount === 0) return;
  throw new Error(`The push of ${what} changes kept ${kept}, found ${repeats} repeats and refused ${rejectedCount}`);
}

/** Everything that a decided change must leave behind is there: records, links, outcomes, history, provenance, feed. */
async function verify(
  { sql }: RunningGateway,
  rows: number,
  outcomes: Readonly<Record<string, number>>,
  counter: number,
): Promise<void> {
  const found: Record<string, number> = {};
  for (const row of await sql<{ outcome: string | null; n: number }[]>`
    select outcome, count(*)::int as n from changes where connection = 'erp' group by outcome`)
    found[row.outcome ?? "waiting"] = row.n;
  const [counted] = await sql<Record<string, number>[]>`
    select (select count(*) from kundeemner)::int as records,
      (select count(*) from links where counter = ${counter} and state = 'linked')::int as links,
      (select count(*) from kundeemner where provenance->'u'->'adresse'->>2 is not null and provenance->'s'->0->>'connection' = 'erp')::int as explained,
      (select count(distinct entity_id) from history h where fields->'adresse1' is not null and change_id is not null
        and version = (select max(version) from history l where l.entity_id = h.entity_id and l.fields->'adresse1' is not null))::int as told,
      (select count(*) from history)::int - (select coalesce(sum(entries), 0) from feed_batches)::int as unfed`;
  const wanted = { records: rows, links: rows, explained: rows, told: rows, unfed: 0 };
  const isRight =
    JSON.stringify(counted) === JSON.stringify(wanted) && JSON.stringify(found) === JSON.stringify(outcomes);
  if (isRight) return;
  const [fault] = await sql<{ reason: unknown }[]>`select reason from changes where reason is not null limit 1`;
  throw new Error(
    `Not everything is there: ${JSON.stringify({ found, ...counted, ...fault })}, wanted ${rows} of each`,
  );
}
