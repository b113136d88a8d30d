import { afterEach, expect, test } from "vitest";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { ingest } from "../../src/pipelines/ingest.ts";
import { storedBlocks } from "../../src/pipelines/match-blocks.ts";
import { factsOf } from "../../src/pipelines/match-facts.ts";
import { candidatesFor } from "../../src/pipelines/matching.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { person } from "../support/engine.ts";
import { company, keeper, type Stage, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);

const norgaard = {
  firmanavn: "Nørregård & Sønner A/S",
  adresse1: "Nørregade 12",
  postnr: "8000",
  landekode: "DK",
  telefon: "70 10 20 30",
  emailDomaener: ["noerregaard.dk"],
};

async function known(values: Record<string, unknown>): Promise<Stage & { id: string }> {
  const stage = await startStage({ rows: { Debitorer: [] } }, kept.keep);
  const { id } = await createEntity(stage.engine.deps, { entity: "kundeemne", values: values as never, by: person });
  return { ...stage, id };
}

const row = (fields: Record<string, string>) =>
  company("1", { SE_Nr: "", Adr1: "Nørregade 12", PostNr: "8000", ByNavn: "Aarhus C", Land: "DK", ...fields });

test("R24 a name typed wrongly is linked where house and telephone agree, also to a record with a CVR number", async () => {
  const { erp, engine, record, id } = await known({ ...norgaard, cvrNr: "12345674" });
  erp.control.create("Debitorer", row({ Navn: "NORREGRAARD OG SONNER", Telefon: "+4570102030" }));
  await engine.settle();
  expect(await record("1")).toMatchObject({ id, cvr_nr: "12345674" });
});

test("R24 a like name with the same telephone, or one that sounds alike in the postal code, waits for a person", async () => {
  const { erp, engine, reviews, link, id } = await known(norgaard);
  erp.control.create("Debitorer", row({ Navn: "Nørregård Sønner", Adr1: "Elmevej 5", Telefon: "70102030" }));
  erp.control.create("Debitorer", {
    ...row({ Navn: "Noregård & Søner", Adr1: "Elmevej 5", Telefon: "" }),
    Kontonr: "2",
  });
  await engine.settle();
  expect(await link("1")).toMatchObject({ state: "suggested", entity_id: null });
  expect(await reviews("match_case")).toMatchObject([
    { external_id: "1", reason: "M7", detail: { candidates: [id] } },
    { external_id: "2", reason: "M8", detail: { candidates: [id] } },
  ]);
});

test("R24 who has another valid CVR number is nobody's match, whatever else agrees", async () => {
  const { erp, engine, record, id, ask } = await known({ ...norgaard, cvrNr: "12345674" });
  erp.control.create("Debitorer", row({ Navn: norgaard.firmanavn, SE_Nr: "13748136", Telefon: "70102030" }));
  await engine.settle();
  expect((await record("1")).id).not.toBe(id);
  expect(await ask("select count(*)::int as n from reviews")).toEqual([{ n: 0 }]);
});

test("R7 R24 two systems that tell of one company at the same moment, one with faults, make one record", async () => {
  const wish = { debitor: { direction: "in", firstMeeting: "remote", create: "in" } };
  const stage = await startStage({ objects: {}, open: [], api: { nord: wish, syd: wish } }, kept.keep);
  await stage.ask("update lanes set released_in = true");
  const { deps } = stage.engine;
  const words = [
    "Nordhavnens",
    "Lærkedalens",
    "Svanemøllens",
    "Ørnebjergets",
    "Falkevangens",
    "Klitgårdens",
    "Bøgestrømmens",
  ];
  const told = (vej: string, spell: (word: string) => string) =>
    words.map((word, n) => {
      const telefon = `3312${1000 + n}`;
      const adresse1 = `${vej} ${n + 1}`;
      return { firmanavn: `${spell(word)} Maskinfabrik ApS`, adresse1, postnr: "8000", landekode: "DK", telefon };
    });
  const push = async (connection: string, data: readonly object[]): Promise<void> => {
    const envelopes = data.map((each, n) => ({ externalId: `${connection} ${n}`, data: each }));
    await receive(deps, { connection, object: "debitor", via: "push" }, envelopes as never);
  };
  await push(
    "nord",
    told("Industrivej", (word) => word),
  );
  const mistyped = told("Indutrivej", (word) => word.replace(/(.)(.)$/, "$2$1"));
  await push("syd", mistyped.toReversed());
  await Promise.all([ingest(deps, "nord"), ingest(deps, "syd")]);
  expect(await stage.ask("select count(*)::int as n from kundeemner")).toEqual([{ n: words.length }]);
  expect(await stage.ask("select count(*)::int as n from links where state = 'linked'")).toEqual([
    { n: 2 * words.length },
  ]);
});

test("keys follow name, place, number and telephone, and a change of anything else writes none", async () => {
  const { engine, ask, id } = await known(norgaard);
  const keys = async () => (await ask("select key from match_blocks order by key")).map(({ key }) => Number(key));
  const sorted = (values: object) => storedBlocks(factsOf(values as never)).sort((a, b) => a - b);
  expect(await keys()).toEqual(sorted(norgaard));
  const edit = (patch: object) =>
    editEntity(engine.deps, { entity: "kundeemne", id, patch: patch as never, by: person });
  const written = async () => ask("select xmin::text from match_blocks order by key");
  const before = await written();
  await edit({ adresse2: "3. sal", attention: "Bo" });
  expect(await written()).toEqual(before);
  const next = { ...norgaard, telefon: "33123456", cvrNr: "12345674", emailDomaener: null, postnr: "5000" };
  await edit({ telefon: "33123456", cvrNr: "12345674", emailDomaener: null, postnr: "5000" });
  expect(await keys()).toEqual(sorted(next));
  expect(await candidatesFor(engine.deps.db.sql, [{ values: { ...norgaard }, number: undefined }])).toEqual([]);
  const asNow = { firmanavn: norgaard.firmanavn, telefon: "33123456" };
  expect(await candidatesFor(engine.deps.db.sql, [{ values: asNow, number: undefined }])).toEqual([id]);
});

test("a telephone that more than a hundred records have says nothing of anybody", async () => {
  const { engine, ask, make } = await many();
  const asked = { firmanavn: "Havneholmens Rederi", telefon: "88888888" };
  const [first] = await make(1);
  expect(await candidatesFor(engine.deps.db.sql, [{ values: asked, number: undefined }])).toEqual([first]);
  await make(100);
  expect(await candidatesFor(engine.deps.db.sql, [{ values: asked, number: undefined }])).toEqual([]);
  expect(await ask("select count(*)::int as n from match_blocks")).toEqual([{ n: 101 }]);
});

/** Records of one name and telephone, and nothing else. */
async function many() {
  const stage = await startStage({ rows: { Debitorer: [] } }, kept.keep);
  const make = async (count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const values = { firmanavn: "Havneholmens Rederi", telefon: "88888888" };
      ids.push((await createEntity(stage.engine.deps, { entity: "kundeemne", values, by: person })).id);
    }
    return ids;
  };
  return { ...stage, make };
}
