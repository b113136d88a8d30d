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
  /** In the first round: it shows that the bare upsert is a right one. */
  readonly copy?: Bare;
}

const ERP = { connection: "erp", object: "debitor" } as const;
const CRM = { connection: "crm", object: "kundeemne" } as const;

/** A ledger and a CRM that both push; each object may be written both ways, so that every rule of the way in is asked. */
const connections = {
  erp: { connector: "api", objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } } },
  crm: { connector: "api", side: "crm", objects: { kundeemne: { direction: "in", firstMeeting: "crm" } } },
};

/** What the rounds push: made once, as making it takes longer than reading it. */
export interface InboundBodies {
  readonly rows: number;
  readonly clashes: number;
  readonly fresh: readonly Buffer[];
  readonly changed: readonly Buffer[];
  readonly unchanged: readonly Buffer[];
  readonly named: readonly Buffer[];
  readonly clashing: readonly Buffer[];
}

/** `rows` debitorer of a seed, and `clashes` of them with an edit of the CRM's against one of the ledger's. */
export function inboundBodies(seed: number, rows: number, clashes: number): InboundBodies {
  const of = (n: number) => debitor(seed, n);
  const edited = (n: number) => changed(of(n), 1);
  // The CRM's side gives each another name; then the ledger sends a third name with two other fields.
  const named = (n: number) => ({ cvrNr: of(n).cvrNr, firmanavn: `${of(n).firmanavn} CRM` });
  const clashing = (n: number) => ({
    ...changed(of(n), 2),
    adresse1: edited(n).adresse1,
    firmanavn: `${of(n).firmanavn} ERP`,
  });
  return {
    rows,
    clashes,
    fresh: [...bodyOf(rows, of, { counter: 1 })],
    changed: [...bodyOf(rows, edited, { counter: 2 })],
    unchanged: [...bodyOf(rows, edited)],
    named: [...bodyOf(clashes, named, { counter: 1, prefix: "K" })],
    clashing: [...bodyOf(clashes, clashing, { counter: 3 })],
  };
}

/**
 * One round on a fresh installation: new debitorer, the same with three of 25 fields changed, the same unchanged, and
 * some of them against an edit of the CRM's. The bare programs run in between, on the same server, while the gateway has
 * nothing to do.
 */
export async function inboundRound(
  bodies: InboundBodies,
  withCopy: boolean,
  say: (text: string) => void,
): Promise<InboundRound> {
  const { rows, clashes } = bodies;
  const gateway = await startGateway({ connections });
  try {
    await gateway.release("erp", "debitor");
    const pushed = async (what: string, body: Iterable<Buffer>): Promise<Pushed> => {
      const before = await cpuOf(gateway);
      const counted = await push(gateway, ERP, body);
      say(
        `${what}: ${Math.round(rows / counted.seconds)}/s (a record: ${perUnit(before, await cpuOf(gateway), rows)})`,
      );
      return counted;
    };
    const fresh = await pushed("new", bodies.fresh);
    expectCounts("new", fresh, { kept: rows });
    await verify(gateway, rows, { created: rows }, 1);
    await makeCopies(gateway);
    const bareFresh = await bareUpsert(gateway);

    const second = await pushed("changed", bodies.changed);
    expectCounts("changed", second, { kept: rows });
    await verify(gateway, rows, { created: rows, updated: rows }, 2);
    const bareChanged = await bareUpsert(gateway);
    const copy = withCopy ? { copy: await bareCopy(gateway) } : {};

    const third = await pushed("unchanged", bodies.unchanged);
    expectCounts("unchanged", third, { repeats: rows });

    const fourth = await clash(gateway, bodies);
    return {
      fresh: rows / fresh.seconds,
      changed: rows / second.seconds,
      unchanged: rows / third.seconds,
      conflict: clashes / fourth.seconds,
      ...{ bareFresh, bareChanged, ...copy },
    };
  } finally {
    await gateway.close();
  }
}

/** Names are decided by a person, so each change of the ledger opens one case. */
async function clash(gateway: RunningGateway, { clashes: rows, named, clashing }: InboundBodies): Promise<Pushed> {
  // They wait in the inbox while the object is armed; the preview reads them there.
  await push(gateway, CRM, named, { armed: true });
  await gateway.release("crm", "kundeemne");
  await decided(gateway, "crm");
  const pushed = await push(gateway, ERP, clashing);
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
