import type { Sql } from "postgres";
import type { Run } from "../demo/gateway.ts";
import { normalForm } from "../demo/normal-form.ts";
import { compareSystems, type LinkOf } from "../demo/oracle.ts";
import { countFaults } from "../demo/summary.ts";
import type { Fields } from "./companies.ts";
import { NAMES } from "./companies.ts";

/** Everything that is looked at when all is quiet, read afresh. */
export interface Evidence {
  readonly ledger: readonly Fields[];
  readonly crm: readonly Fields[];
  readonly truth: ReadonlyMap<string, Fields>;
  readonly bornInLedger: ReadonlySet<string>;
  /** Registration numbers of the creates that each system has applied, by its own log. */
  readonly createdInLedger: readonly string[];
  readonly createdInCrm: readonly string[];
  readonly acknowledged: ReadonlyMap<string, readonly number[]>;
  readonly receipted: ReadonlyMap<string, ReadonlySet<number>>;
  readonly kept: readonly Kept[];
  readonly links: readonly LinkOf[];
  readonly runs: readonly Run[];
  readonly reviews: readonly { readonly kind: string; readonly reason: string }[];
  readonly statusDrift: number;
}

export interface Kept {
  readonly id: string;
  readonly counter: number;
  readonly state: string;
  readonly hasReason: boolean;
}

export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  readonly drift: number;
  /** Sentences; empty when all is as it should be. */
  readonly faults: readonly string[];
}

/** Every change of the CRM that the gateway has kept, with what became of it. */
export const readKept = (sql: Sql): Promise<Kept[]> =>
  sql<Kept[]>`
    select external_id as id, counter::float8 as counter, state, reason is not null as "hasReason"
    from changes where connection = 'crm' and counter is not null`;

/** Judges by what the two systems show and by what their people did; knows nothing of how the gateway decides. */
export function judge(evidence: Evidence): Verdict {
  const unkept = lostPushes(evidence);
  const wrong = [...wrongIn("ledger", evidence.ledger, evidence), ...wrongIn("CRM", evidence.crm, evidence)];
  const doubled = [
    ...repeated("ledger", evidence.createdInLedger),
    ...repeated("CRM", evidence.createdInCrm),
    ...repeated("rows of the ledger", evidence.ledger.map(numberOf)),
    ...repeated("rows of the CRM", evidence.crm.map(numberOf)),
    ...bornTwice(evidence),
  ];
  const compared = compareSystems(
    { ledger: { Debitorer: evidence.ledger }, crm: { KundeEmner: evidence.crm } },
    evidence.links,
  );
  const drift = compared.differences.length;
  const aside = evidence.kept.filter(({ state }) => state === "quarantined").length;
  return {
    lost: unkept.length + wrong.length,
    doubled: doubled.length,
    drift: drift + evidence.statusDrift,
    faults: [
      ...told("acknowledged pushes are not accounted for", unkept),
      ...told("values are not what their people set last", wrong),
      ...told("companies were made twice", doubled),
      ...told(
        "fields differ",
        compared.differences.map(({ unit, rows, values }) => `${unit} of ${rows.join(" and ")}: ${values.join(" / ")}`),
      ),
      ...told("rows stand for no record", compared.unlinked),
      ...(evidence.statusDrift === 0 ? [] : [`the gateway counts a drift of ${evidence.statusDrift}`]),
      ...(aside === 0 ? [] : [`${aside} sound changes were put aside`]),
      ...told(
        "cases are open that nothing explains",
        evidence.reviews.map(({ kind, reason }) => `${kind} (${reason})`),
      ),
      ...countFaults(evidence.runs),
    ],
  };
}

/** Pushes that were answered 202 and stand nowhere, or stand there undecided and without a reason. */
function lostPushes({ acknowledged, receipted, kept }: Evidence): string[] {
  const known = new Map(kept.map((each) => [`${each.id} ${each.counter}`, each]));
  return [...acknowledged].flatMap(([id, counters]) =>
    counters.flatMap((counter) => {
      const change = known.get(`${id} ${counter}`);
      if (change === undefined) return receipted.get(id)?.has(counter) === true ? [] : [`${id} at ${counter}: nowhere`];
      return change.state === "received" && !change.hasReason ? [`${id} at ${counter}: not decided`] : [];
    }),
  );
}

/** Companies that a system does not have, and fields in which it does not show what was typed last anywhere. */
function wrongIn(system: string, rows: readonly Fields[], { truth }: Evidence): string[] {
  const byNumber = new Map(rows.map((row) => [numberOf(row), row]));
  return [...truth].flatMap(([number, fields]) => {
    const row = byNumber.get(number);
    if (row === undefined) return [`the ${system} has no ${number}`];
    return Object.keys(NAMES).flatMap((name) => {
      const form = name === "Telefon" ? "phone" : name === "SE_Nr" ? "registration" : "text";
      const [shown, typed] = [normalForm(form, row[name] ?? ""), normalForm(form, fields[name] ?? "")];
      return shown === typed ? [] : [`${name} of ${number} in the ${system} is "${shown}" and not "${typed}"`];
    });
  });
}

/** A create sent to the system in which the company was born is one too many. */
const bornTwice = ({ bornInLedger, createdInLedger, createdInCrm }: Evidence): string[] => [
  ...createdInLedger.filter((number) => bornInLedger.has(number)).map((number) => `${number}, born in the ledger`),
  ...createdInCrm.filter((number) => !bornInLedger.has(number)).map((number) => `${number}, born in the CRM`),
];

function repeated(where: string, numbers: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const number of numbers) (seen.has(number) ? twice : seen).add(number);
  return [...twice].map((number) => `${number} (${where})`);
}

export const numberOf = (row: Fields): string => normalForm("registration", row.SE_Nr ?? "");

function told(what: string, cases: readonly string[]): string[] {
  if (cases.length === 0) return [];
  const some = cases.slice(0, 5).join("; ");
  return [`${cases.length} ${what}: ${some}${cases.length > 5 ? "; …" : ""}`];
}
