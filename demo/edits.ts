import { playersOf } from "./companies.ts";
import { type Player, player, quoted, readNow, reconcile, recordOf, type Stage, seen, settled } from "./stage.ts";

/** The companies of the story, each used once, so that one scene does not stand in another's light. */
export interface Cast {
  readonly plain: readonly Player[];
  readonly twice: Player;
  readonly guarded: Player;
}

const PLAIN_NEEDED = 10;

/** Throws when the seed has not enough companies of a kind. */
export function castOf({ seeded, expected }: Stage): Cast {
  const taken = new Set(expected.map((each) => each.name));
  const of = (flag: "0" | "1", kreditor: boolean) =>
    playersOf(seeded.companies, { flag, kreditor })
      .filter((each) => !taken.has(each.name))
      .map(player);
  const plain = of("1", false).slice(0, PLAIN_NEEDED);
  const [twice] = of("1", true);
  const [guarded] = of("0", false);
  if (plain.length < PLAIN_NEEDED || twice === undefined || guarded === undefined) {
    throw new Error("This seed has too few companies for the story; choose another with --seed");
  }
  return { plain, twice, guarded };
}

/** A person in the ERP and a person in the CRM each change a field; each sees the other's. */
export async function edits(stage: Stage, inLedger: Player, inCrm: Player, twice: Player): Promise<void> {
  const { screen, erp, crm } = stage;
  await erp.edit("Debitorer", inLedger.debitor, { Telefon: "70 20 30 40" });
  await crm.edit("KundeEmner", inCrm.emne, { Adr1: "Ny Havnegade 7", PostNr: "8000", ByNavn: "Aarhus C" });
  await erp.edit("Debitorer", twice.debitor, { Hjemmeside: "https://www.ny-adresse.example" });
  screen.line(`In the ledger: ${inLedger.name} gets another phone, ${twice.name} another web site.`);
  screen.line(`In the CRM: ${inCrm.name} moves to Aarhus.`);
  const before = await erp.writes("Kreditorer", twice.kreditor);
  await readNow(stage, "erp");
  await readNow(stage, "crm");
  await seen(stage, emneOf(stage, inLedger), { Telefon: "70 20 30 40" });
  await seen(stage, debitorOf(stage, inCrm), { Adr1: "Ny Havnegade 7", PostNr: "8000", ByNavn: "Aarhus C" });
  await seen(stage, emneOf(stage, twice), { Hjemmeside: "https://www.ny-adresse.example" });
  const supplier = { system: erp, name: "Kreditorer", id: twice.kreditor, words: "the ledger's supplier" };
  await seen(stage, supplier, { Hjemmeside: "https://www.ny-adresse.example" });
  const writes = (await erp.writes("Kreditorer", twice.kreditor)) - before;
  if (writes === 1) screen.saw("customer to supplier went through the Kundeemne, with one write");
  else screen.wrong(`The supplier was written ${writes} times instead of once`);
}

/** What we wrote comes back with the next reading and must not be taken for an edit. */
export async function echo(stage: Stage, changed: Player): Promise<void> {
  const { screen, erp, crm } = stage;
  const count = async () => [
    await erp.writes("Debitorer", changed.debitor),
    await crm.writes("KundeEmner", changed.emne),
  ];
  const before = await count();
  const run = await readNow(stage, "crm");
  await readNow(stage, "erp");
  const after = await count();
  screen.line(`Both systems are read again; ${changed.name} comes back with the phone that we wrote ourselves.`);
  if (String(before) === String(after)) screen.saw("our own write came back, and no request was written for it");
  else screen.wrong(`An echo was written: ${before} requests before, ${after} after`);
  screen.line(`The reading of the CRM counted ${run.counts?.unchanged ?? 0} of ${run.counts?.read ?? 0} as unchanged.`);
}

/** The same field on both sides at once: nobody can say who is right, so a person is asked. */
export async function clash(stage: Stage, { name, debitor, emne }: Player): Promise<void> {
  const { screen, erp, crm, gateway, expected } = stage;
  const why = "scripted clash: both sides renamed it, and the rule for names is a person";
  expected.push({ name, unit: "firmanavn", why, object: "debitor", externalId: debitor });
  screen.line(`Expected to be held: firmanavn of ${name}.`);
  const [theirs, ours] = ["Fjordens Handelshus A/S", "Nordisk Handelsselskab A/S"];
  await Promise.all([erp.edit("Debitorer", debitor, { Navn: theirs }), crm.edit("KundeEmner", emne, { Navn: ours })]);
  await readNow(stage, "erp");
  await readNow(stage, "crm");
  const entityId = await recordOf(stage, "debitor", debitor);
  const reviews = await gateway.reviews(`kundeemne=${entityId}&kind=conflict`);
  const conflict = reviews.find((review) => review.unit === "firmanavn");
  if (conflict === undefined) return screen.wrong(`The clash over ${name} is not in /v1/reviews`);
  screen.saw(
    `review ${conflict.id} is a conflict over firmanavn (${conflict.reason}); both keep their value meanwhile:`,
  );
  screen.line(`  ledger ${quoted(theirs)}, CRM ${quoted(ours)}`);
  const [inLedger, inCrm] = [await erp.get("Debitorer", debitor), await crm.get("KundeEmner", emne)];
  if (inLedger.Navn !== theirs || inCrm.Navn !== ours) screen.wrong("One of them was overwritten");
}

/** With maaOpdateresAutomatisk off a clash is never decided against the CRM's value, though the ledger owns the field. */
export async function guardedRecord(stage: Stage, free: Player, guarded: Player): Promise<void> {
  const { screen, erp, crm, expected } = stage;
  const why = "scripted clash on a record with maaOpdateresAutomatisk = false";
  expected.push({ name: guarded.name, unit: "soegenavn", why, object: "debitor", externalId: guarded.debitor });
  screen.line(`The ledger owns søgenavn. Both sides change it on ${free.name} and on ${guarded.name},`);
  screen.line("which has maaOpdateresAutomatisk = false: there it is expected to be held.");
  for (const { debitor, emne } of [free, guarded]) {
    await Promise.all([
      erp.edit("Debitorer", debitor, { Søgenavn: "LEDGER NAME" }),
      crm.edit("KundeEmner", emne, { Søgenavn: "CRM NAME" }),
    ]);
  }
  await erp.edit("Debitorer", guarded.debitor, { Telefon: "70 44 55 66" });
  await readNow(stage, "erp");
  await readNow(stage, "crm");
  await seen(stage, emneOf(stage, free), { Søgenavn: "LEDGER NAME" });
  await seen(stage, emneOf(stage, guarded), { Søgenavn: "CRM NAME", Telefon: "70 44 55 66" });
  screen.line("The phone, which only the ledger changed, went through: the flag does not stop the two-way sync.");
}

/** A person's edits that were made together, in the same second, on a connection that nobody polls. */
export async function behindOurBack(stage: Stage, { name, emne, debitor }: Player): Promise<void> {
  const { screen, crm, erp } = stage;
  await crm.edit("KundeEmner", emne, { Att: "Att. bogholderiet" });
  screen.line(`Somebody wrote to ${name} in the CRM's database, and nothing told us of it.`);
  await settled(stage);
  const { Att = "" } = await erp.get("Debitorer", debitor);
  if (Att !== "") screen.wrong("It was told after all, so this shows nothing");
  const [run] = await reconcile(stage, "crm");
  const { read = 0, updated = 0 } = run?.counts ?? {};
  screen.line(`The reconcile run reads everything: ${read} rows, ${updated} with news.`);
  await seen(stage, debitorOf(stage, { name, emne, debitor }), { Att: "Att. bogholderiet" });
}

type Ids = Pick<Player, "name" | "emne" | "debitor">;
export const emneOf = ({ crm }: Stage, { emne }: Ids) => ({
  ...{ system: crm, name: "KundeEmner", id: emne, words: "the CRM's" },
});
export const debitorOf = ({ erp }: Stage, { debitor }: Ids) => ({
  ...{ system: erp, name: "Debitorer", id: debitor, words: "the ledger's" },
});
