import { MISSING } from "./companies.ts";
import type { Run } from "./gateway.ts";
import { ended, LANES, type Stage, settled } from "./stage.ts";

/** Nothing is written before a person has seen what would be. */
export async function showNothingWritten({ screen, erp, crm, gateway }: Stage): Promise<void> {
  const { connections } = await gateway.status();
  const lanes = connections.flatMap(({ name, objects }) => objects.map((object) => ({ name, ...object })));
  screen.table(
    ["connection", "object", "state"],
    lanes.map(({ name, object, armed }) => [name, object, armed ? "armed, not released" : "released"]),
  );
  if (lanes.some((lane) => !lane.armed)) screen.wrong("An object is released that nobody has released");
  await assertUnwritten({ screen, erp, crm });
}

async function assertUnwritten({ screen, erp, crm }: Pick<Stage, "screen" | "erp" | "crm">): Promise<void> {
  const writes = (await Promise.all([erp.requests(), crm.requests()])).map(
    ({ POST = 0, PUT = 0, DELETE = 0 }) => POST + PUT + DELETE,
  );
  if (writes.every((count) => count === 0)) screen.saw("neither system has been written to");
  else screen.wrong(`Written before the release: ${writes[0]} times to the ledger, ${writes[1]} times to the CRM`);
}

/** What the first meeting would do, object by object, as things stand now. */
export async function previewAll(stage: Stage): Promise<void> {
  const { screen } = stage;
  const companies = LANES.filter(({ object }) => object !== "kontaktperson");
  const rows: [string, Record<string, number>][] = [];
  for (const { connection, object } of companies)
    rows.push([object, effectsOf(await preview(stage, connection, object))]);
  screen.table(
    ["would", ...SHOWN],
    rows.map(([object, effects]) => [object, ...SHOWN.map((name) => effects[name] ?? 0)]),
  );
  screen.line("Each as if it were released alone. Contacts are previewed when their companies are there.");
  await assertUnwritten(stage);
}

/** Releases one object after the other, each from a fresh preview: the one before has moved what the next one sees. */
export async function releaseAll(stage: Stage): Promise<void> {
  const { screen, gateway, expected } = stage;
  screen.line(`Named beforehand: ${expected.length} fields will be held, each of a company that the ledger has twice,`);
  screen.line(
    "as customer and as supplier, under names or addresses that differ, or that may not be updated automatically:",
  );
  for (const { name, unit } of expected.slice(0, 3)) screen.line(`  ${name}: ${unit}`);
  if (expected.length > 3) screen.line(`  and ${expected.length - 3} more`);
  for (const { connection, object } of LANES) {
    const run = await preview(stage, connection, object);
    const effects = effectsOf(run);
    const words = SHOWN.filter((name) => (effects[name] ?? 0) > 0).map((name) => `${name} ${effects[name]}`);
    screen.line(`${object}, previewed again: ${words.join(", ")}`);
    const answer = await gateway.call("POST", `/v1/connections/${connection}/release`, { object, preview: run.id });
    if (answer.status !== 200) throw new Error(`${object} is not released: ${JSON.stringify(answer.body)}`);
    await settled(stage);
    const { connections } = await gateway.status();
    const lane = connections.flatMap((each) => each.objects).find((each) => each.object === object);
    screen.saw(`${object} is released: ${lane?.linked ?? 0} linked`);
  }
}

/** Of what a preview counts; fields are those of our records and, out, of the remote's. */
const SHOWN = ["read", "created", "linked", "held", "fieldsFilled", "fieldsOverwritten", "fieldsOut"];

const preview = async (stage: Stage, connection: string, object: string): Promise<Run> =>
  await ended(stage, await stage.gateway.startRun(connection, "preview", object));

/** The numbers of a preview, wherever in the run they stand. */
function effectsOf({ counts, detail }: Run): Record<string, number> {
  const effects: Record<string, number> = { ...counts };
  collect(detail, effects);
  return effects;
}

function collect(value: unknown, into: Record<string, number>): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  for (const [name, each] of Object.entries(value)) {
    if (typeof each === "number") into[name] ??= each;
    else if (name === "effects") collect(each, into);
  }
}

/** What is typed into the systems before the gateway comes: invented data has riddles that would hide the story. */
export async function prepareData({ screen, erp, crm, seeded }: Omit<Stage, "gateway">): Promise<void> {
  for (let at = 0; at < seeded.corrections.length; at += 50) {
    await Promise.all(
      seeded.corrections
        .slice(at, at + 50)
        .map(({ system, name, id, fields }) => (system === "ledger" ? erp : crm).edit(name, id, fields)),
    );
  }
  const count = (test: (company: Stage["seeded"]["companies"][number]) => boolean) =>
    seeded.companies.filter(test).length;
  const both = count(({ debitor, kreditor, emne }) => emne !== undefined && (debitor ?? kreditor) !== undefined);
  const twice = count(({ debitor, kreditor }) => debitor !== undefined && kreditor !== undefined);
  screen.line(`${both} companies stand in both systems, ${twice} are both customer and supplier of the ledger.`);
  screen.line("All number series start alike: 06010001 is three different companies.");
  screen.line(`Names, addresses and phones are typed in different ways, ${MISSING * 100} of 100 fields are empty.`);
}
