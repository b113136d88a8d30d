import { audit } from "./audit.ts";
import { emneOf } from "./edits.ts";
import type { Player } from "./stage.ts";
import { readNow, recordOf, type Stage, seen } from "./stage.ts";

/** The ledger refuses to delete what it has in use; the gateway sees the row stand and changes nothing. */
export async function refusedDelete(stage: Stage, { name, debitor, emne }: Player): Promise<void> {
  const { screen, erp, crm, gateway } = stage;
  await erp.setInUse("Debitorer", debitor);
  const writes = await crm.writes("KundeEmner", emne);
  const answer = await erp.remove("Debitorer", debitor);
  screen.line(`Somebody deletes ${name} in the ledger: ${answer.status} ${answer.text}`);
  if (answer.status !== 409) screen.wrong("The ledger should have refused");
  await readNow(stage, "erp");
  const entityId = await recordOf(stage, "debitor", debitor);
  const record = await gateway.call("GET", `/v1/kundeemner/${entityId}`);
  const isCustomer = /"findesDeb":\s*true/.test(JSON.stringify(record.body));
  if (isCustomer && (await crm.writes("KundeEmner", emne)) === writes) {
    screen.saw("the link stands, findesDeb is still true, nothing was written to the CRM");
  } else screen.wrong("A delete that was refused had an effect");
}

/** What a person types wrong is refused at once; what a system sends wrong is put aside, and only that. */
export async function wrongValues(stage: Stage, typed: Player, malformed: Player): Promise<void> {
  const { screen, erp, gateway } = stage;
  const entityId = await recordOf(stage, "debitor", typed.debitor);
  const cvrNr = withWrongCheckDigit(typed.row.SE_Nr ?? "");
  const answer = await gateway.call("PATCH", `/v1/kundeemner/${entityId}`, { cvrNr });
  const { detail, errors } = answer.body as {
    detail?: string;
    errors?: readonly { pointer: string; detail: string }[];
  };
  screen.line(`PATCH {"cvrNr": "${cvrNr}"} at the API, with a wrong check digit:`);
  if (answer.status === 422) screen.saw(`422 ${errors?.[0]?.pointer ?? ""}: ${errors?.[0]?.detail ?? detail}`);
  else screen.wrong(`A wrong CVR number is answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  await erp.edit("Debitorer", malformed.debitor, { KreditMax: "ti tusind", Telefon: "70 77 88 99" });
  await erp.edit("Debitorer", typed.debitor, { Telefon: "70 11 22 33" });
  await readNow(stage, "erp");
  const aside = (await gateway.quarantine()).find(({ externalId }) => externalId === malformed.debitor);
  if (aside === undefined) screen.wrong("A malformed field was not quarantined");
  else {
    screen.line(`The ledger sends KreditMax = "ti tusind" with another phone for ${malformed.name}:`);
    screen.saw(`quarantined: ${aside.reason.detail}`);
  }
  await seen(stage, emneOf(stage, typed), { Telefon: "70 11 22 33" });
  screen.line("The row beside it went through: one bad record stops only itself.");
}

/** With the connection paused the edit is known and cannot go out: that is drift, and both counts must say so. */
export async function driftAndBack(stage: Stage, { name, debitor, emne }: Player): Promise<void> {
  const { screen, erp, gateway } = stage;
  await gateway.call("POST", "/v1/connections/crm/pause?why=demo");
  screen.line(`The CRM is paused; ${name} gets another phone in the ledger.`);
  await erp.edit("Debitorer", debitor, { Telefon: "70 90 80 70" });
  await readNow(stage, "erp");
  told(stage, await audit(stage), 1);
  await gateway.call("POST", "/v1/connections/crm/resume?why=demo");
  screen.line("The CRM is resumed.");
  await seen(stage, emneOf(stage, { name, debitor, emne }), { Telefon: "70 90 80 70" });
  await readNow(stage, "crm");
  told(stage, await audit(stage), 0);
}

function told({ screen }: Stage, { drift }: Awaited<ReturnType<typeof audit>>, expected: number): void {
  const words = `drift ${drift.length}, by a fresh reading of both systems`;
  if (drift.length === expected) screen.saw(words);
  else screen.wrong(`${words}; expected was ${expected}`);
}

/** Another last digit: the sum of a CVR number with its weights is then no multiple of eleven. */
const withWrongCheckDigit = (number: string): string => {
  const digits = number.replace(/\D/g, "");
  return digits.slice(0, -1) + String((Number(digits.at(-1)) + 1) % 10);
};
