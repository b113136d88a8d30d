import type { ExpectedHold } from "./companies.ts";
import type { Review } from "./gateway.ts";
import { compareSystems, type Difference, type LinkOf, type Reading, type Tally, tally } from "./oracle.ts";
import { LANES, type Stage } from "./stage.ts";

/** A fresh reading of both systems, judged by the oracle with the reasons that the gateway gives. */
export interface Audit extends Tally {
  /** Drift as the gateway counts it. */
  readonly statusDrift: number;
  readonly spellings: readonly Difference[];
  readonly shared: number;
  /** Sentences; empty when all is as it should be. */
  readonly faults: readonly string[];
}

const HOLDS = new Set(["conflict", "proposal"]);
/** Differences without a reason that are asked about; where there are more, the rest is drift anyway. */
const ASKED = 100;

export async function audit(stage: Stage): Promise<Audit> {
  const { gateway } = stage;
  const [reading, links, reviews, quarantine, status] = await Promise.all([
    readBoth(stage),
    allLinks(stage),
    gateway.reviews(),
    gateway.quarantine(),
    gateway.status(),
  ]);
  const { differences, spellings, unlinked, doubled, shared } = compareSystems(reading, links);
  const quarantined = new Set(quarantine.map(({ object, externalId }) => `${object} ${externalId}`));
  const held = heldBy(reviews);
  const reasons = { quarantined, held, withheld: new Set<string>() };
  const unexplained = tally(differences, reasons).drift;
  const judged = tally(differences, { ...reasons, withheld: await withheldOf(stage, unexplained) });
  const waiting = new Set(reviews.map(({ object, externalId }) => `${object} ${externalId}`));
  const cases = reviews.filter(({ kind }) => kind === "match_case").map(({ externalId }) => externalId ?? "");
  const stray = unlinked.filter((row) => !quarantined.has(row) && !waiting.has(row));
  const statusDrift = status.totals.drift;
  const faults = [
    ...holdFaults(reviews, stage.expected, links, held),
    ...(doubled.length === 0 ? [] : [`${doubled.length} companies stand twice in the CRM: ${some(doubled)}`]),
    ...(cases.length === 0 ? [] : [`${cases.length} rows wait to be matched that nothing explains: ${some(cases)}`]),
    ...(stray.length === 0 ? [] : [`${stray.length} rows have no record and no reason: ${some(stray)}`]),
  ];
  const explained = statusDrift + judged.held + judged.withheld + judged.quarantined;
  if (explained !== judged.differences) {
    faults.push(
      `the two systems differ in ${judged.differences} fields, the gateway accounts for ${explained} ` +
        `(drift ${statusDrift}, held ${judged.held}, withheld ${judged.withheld}, quarantined ${judged.quarantined})`,
    );
  }
  return { ...judged, statusDrift, spellings, shared, faults };
}

async function readBoth({ erp, crm }: Stage): Promise<Reading> {
  const [Debitorer, Kreditorer, KundeEmner, Kontaktpersoner] = await Promise.all([
    erp.read("Debitorer"),
    erp.read("Kreditorer"),
    crm.read("KundeEmner"),
    crm.read("Kontaktpersoner"),
  ]);
  return { ledger: { Debitorer, Kreditorer }, crm: { KundeEmner, Kontaktpersoner } };
}

const allLinks = async ({ gateway }: Stage): Promise<readonly LinkOf[]> =>
  (await Promise.all(LANES.map(({ connection, object }) => gateway.links(connection, `object=${object}`)))).flat();

const heldBy = (reviews: readonly Review[]): Set<string> =>
  new Set(
    reviews.flatMap(({ kind, entityId, unit }) =>
      HOLDS.has(kind) && entityId !== null && unit !== null ? [`${entityId} ${unit}`] : [],
    ),
  );

/** Every hold must have been named before it happened, and every one that was named must have. */
function holdFaults(
  reviews: readonly Review[],
  expected: readonly ExpectedHold[],
  links: readonly LinkOf[],
  held: ReadonlySet<string>,
): string[] {
  const entityOf = new Map(links.map(({ object, externalId, entityId }) => [`${object} ${externalId}`, entityId]));
  const named = new Map(
    expected.map((each) => [`${entityOf.get(`${each.object} ${each.externalId}`)} ${each.unit}`, each] as const),
  );
  const unforeseen = reviews.filter(({ kind, entityId, unit }) => HOLDS.has(kind) && !named.has(`${entityId} ${unit}`));
  const missing = [...named].filter(([key]) => !held.has(key)).map(([, { name, unit }]) => `${name}, ${unit}`);
  return [
    ...(unforeseen.length === 0
      ? []
      : [`${unforeseen.length} fields are held that nothing explains: ${some(unforeseen.map(words))}`]),
    ...(missing.length === 0 ? [] : [`${missing.length} fields should be held and are not: ${some(missing)}`]),
  ];
}

const words = ({ unit, entityId, reason }: Review): string => `${unit} of ${entityId} (${reason})`;

/** Reasons of the gateway under which a difference is not withheld: it is held, left or late, or stands on a link no more. */
const NOT_WITHHELD = new Set([
  ...["held", "proposed", "one_way", "ignored", "unset", "in_only", "on_create", "if_empty", "rendering"],
  ...["paused", "quiet", "uncertain", "circuit_open"],
]);

/** What `GET …/explain` says of one field; only what is used here. */
interface Explained {
  readonly links?: readonly { readonly state: string; readonly because: string | null }[];
}

/** Asks the gateway of each record why its fields did not go out; only what the gate keeps back counts as withheld. */
async function withheldOf({ gateway }: Stage, differences: readonly Difference[]): Promise<Set<string>> {
  const withheld = new Set<string>();
  for (const { entityId, unit } of differences.slice(0, ASKED)) {
    // The body is what the API's own document says.
    const { links = [] } = ((await gateway.explain(entityId))[unit] ?? {}) as Explained;
    const reasons = links.flatMap(({ state, because }) => (because !== null && because !== state ? [because] : []));
    if (reasons.some((reason) => !NOT_WITHHELD.has(reason))) withheld.add(`${entityId} ${unit}`);
  }
  return withheld;
}

const some = (texts: readonly string[]): string =>
  texts.slice(0, 5).join("; ") + (texts.length > 5 ? `; and ${texts.length - 5} more` : "");
