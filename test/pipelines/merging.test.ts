import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changeDealing } from "../../src/pipelines/dealings.ts";
import { createEntity, editEntity } from "../../src/pipelines/edit.ts";
import { linkEntity, unlink } from "../../src/pipelines/linking.ts";
import { mergeKundeemner } from "../../src/pipelines/merging/merge.ts";
import { unmergeKundeemner } from "../../src/pipelines/merging/unmerge.ts";
import { loadImages } from "../../src/store/links.ts";
import { person } from "../support/engine.ts";
import { type Pulled, startPulled } from "../support/pulled.ts";

let stage: Pulled;
beforeAll(async () => {
  stage = await startPulled({ erp: {} });
});
afterAll(() => stage?.engine.close());

/** One record with an account, a contact and an activity of its own. */
interface Home {
  readonly id: string;
  readonly externalId: string;
  readonly contact: string;
  readonly activity: string;
  counter: number;
}

let made = 0;
async function makeHome(): Promise<Home> {
  made += 1;
  const externalId = `A${made}`;
  const data = { firmanavn: `Firma ${externalId}`, soegenavn: externalId };
  await stage.push("erp", { externalId, data, counter: 1 });
  const { entity_id: id } = await stage.link("erp", externalId);
  const { deps } = stage.engine;
  const contact = await createEntity(deps, {
    entity: "kontaktperson",
    parentId: id,
    values: { navn: `Bo ${externalId}`, primaer: true },
    by: person,
  });
  const activity = await changeDealing(deps, {
    kind: "aktiviteter",
    does: "add",
    kundeemneId: id,
    values: { type: "moede", dato: "2026-01-02", vaerdi: "1" },
    by: person,
  });
  return { id, externalId, contact: contact.id, activity: activity.id, counter: 1 };
}

type Act =
  | { readonly does: "merge"; readonly into: number; readonly other: number }
  | { readonly does: "undo"; readonly nth: number }
  | { readonly does: "edit"; readonly at: number }
  | { readonly does: "push"; readonly at: number };

const SIZE = 3;
const at = fc.nat(SIZE - 1);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant("merge" as const), into: at, other: at }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("undo" as const), nth: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("edit" as const), at }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("push" as const), at }) },
);

/** Hands out and acknowledges what is owed: nothing stays under way. */
async function settle(): Promise<void> {
  for (;;) {
    const { deliveries } = await stage.lease("erp");
    if (deliveries.length === 0) return;
    await stage.receipt("erp", ...deliveries.map(({ delivery }) => ({ delivery, outcome: "done" as const })));
    await stage.engine.work();
  }
}

const rows = (ids: readonly string[]) =>
  stage.ask(
    "select id, merged_into, attention, telefon, vaerdi, provenance from kundeemner where id = any($1::text[]::uuid[])",
    [`{${ids.join(",")}}`],
  );

/** Where a record is now. */
function rootOf(known: ReadonlyMap<string, string | null>, id: string): string {
  const next = known.get(id) ?? null;
  return next === null ? id : rootOf(known, next);
}

async function assertNothingLost(homes: readonly Home[]): Promise<void> {
  const ids = homes.map(({ id }) => id);
  const records = await rows(ids);
  const into = new Map(records.map((row) => [row.id as string, row.merged_into as string | null]));
  const live = records.filter((row) => row.merged_into === null);
  expect(live.length).toBeGreaterThan(0);
  const list = `{${ids.join(",")}}`;
  const contacts = await stage.ask(
    "select id, kundeemne_id, primaer from kontaktpersoner where kundeemne_id = any($1::text[]::uuid[])",
    [list],
  );
  const activities = await stage.ask(
    "select id, kundeemne_id from aktiviteter where kundeemne_id = any($1::text[]::uuid[])",
    [list],
  );
  const links = await stage.ask(
    "select external_id, entity_id, state from links where entity_id = any($1::text[]::uuid[])",
    [list],
  );
  expect(new Set(contacts.map(({ id }) => id))).toEqual(new Set(homes.map(({ contact }) => contact)));
  expect(new Set(activities.map(({ id }) => id))).toEqual(new Set(homes.map(({ activity }) => activity)));
  expect(new Set(links.map((link) => link.external_id))).toEqual(new Set(homes.map(({ externalId }) => externalId)));
  const alive = new Set(live.map(({ id }) => id));
  for (const each of [...contacts, ...activities]) expect(alive).toContain(each.kundeemne_id);
  for (const link of links) expect(alive).toContain(link.entity_id);
  for (const { id, vaerdi } of live) {
    expect(links.filter((link) => link.entity_id === id && link.state === "linked")).toHaveLength(1);
    expect(contacts.filter((each) => each.kundeemne_id === id && each.primaer)).toHaveLength(1);
    expect(Number(vaerdi)).toBe(activities.filter((each) => each.kundeemne_id === id).length);
  }
  // What a merged record says stands at the one that it went up in, or is told there as having given way.
  const told = new Map<string, string>();
  for (const { id, provenance, attention, telefon } of live) {
    const past = await stage.ask("select fields from history where entity_id = $1", [id]);
    told.set(id, JSON.stringify([attention, telefon, provenance, past]));
  }
  for (const { id, attention, telefon } of records)
    for (const value of [attention, telefon]) if (value !== null) expect(told.get(rootOf(into, id))).toContain(value);
}

test("R28 R33 whatever is merged, taken back and edited in between: nothing is lost, doubled or left behind", async () => {
  const { deps } = stage.engine;
  let serial = 0;
  const run = async (acts: readonly Act[]): Promise<void> => {
    const homes = [await makeHome(), await makeHome(), await makeHome()];
    const standing: number[] = [];
    const undo = async (place: number): Promise<void> => {
      const [id] = standing.splice(place, 1);
      if (id === undefined) return;
      const { refusal } = await unmergeKundeemner(deps, { merge: id, by: person });
      expect(refusal).toBeNull();
    };
    const refused = (error: unknown): void => {
      // What went up in another is not written any more, and a merge under another one waits for that one.
      expect(error).toMatchObject({ code: expect.stringMatching(/^(gone|conflict|bad_value)$/) });
    };
    for (const each of acts) {
      serial += 1;
      if (each.does === "merge") {
        const [survivor, other] = [homes[each.into], homes[each.other]];
        if (survivor === undefined || other === undefined) continue;
        const [own] = await stage.ask("select id from links where entity_id = $1 and state = 'linked'", [survivor.id]);
        const main = own === undefined ? [] : [String(own.id)];
        const done = await mergeKundeemner(deps, { id: survivor.id, other: other.id, main, by: person }).catch(refused);
        if (done === undefined) continue;
        expect(done.refusal).toBeNull();
        if (done.merge !== null && !done.repeated) standing.push(done.merge);
      } else if (each.does === "undo") {
        const id = standing[each.nth];
        if (id === undefined) continue;
        await undo(each.nth).catch((error: unknown) => {
          refused(error);
          standing.splice(each.nth, 0, id);
        });
      } else {
        const home = homes[each.at];
        if (home === undefined) continue;
        const value = `v${made}-${serial}`;
        if (each.does === "edit")
          await editEntity(deps, { entity: "kundeemne", id: home.id, patch: { attention: value }, by: person }).catch(
            refused,
          );
        else {
          home.counter += 1_000;
          const data = {
            firmanavn: `Firma ${home.externalId}`,
            soegenavn: home.externalId,
            telefon: `+45 ${30_000_000 + serial}`,
          };
          await stage.push("erp", { externalId: home.externalId, data, counter: home.counter });
        }
      }
      await settle();
      await assertNothingLost(homes);
    }
    // Taken back to the last one, newest first, everything is at home again.
    while (standing.length > 0) await undo(standing.length - 1);
    await settle();
    await assertNothingLost(homes);
    for (const { id, externalId, contact, activity } of homes) {
      expect(await stage.link("erp", externalId)).toMatchObject({ entity_id: id, state: "linked" });
      const [person_] = await stage.ask("select kundeemne_id from kontaktpersoner where id = $1", [contact]);
      const [meeting] = await stage.ask("select kundeemne_id from aktiviteter where id = $1", [activity]);
      expect([person_?.kundeemne_id, meeting?.kundeemne_id]).toEqual([id, id]);
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 2, maxLength: 8 }), run), { numRuns: 15 });
}, 120_000);

test("R28 two records merged into each other at once become one, and never none", async () => {
  const { deps } = stage.engine;
  for (let round = 0; round < 5; round += 1) {
    const [a, b] = [await makeHome(), await makeHome()];
    const links = await stage.ask("select id, entity_id from links where entity_id = any($1::text[]::uuid[])", [
      `{${a.id},${b.id}}`,
    ]);
    const main = links.filter((link) => link.entity_id === a.id).map((link) => String(link.id));
    const tries = [
      mergeKundeemner(deps, { id: a.id, other: b.id, main, by: person }),
      mergeKundeemner(deps, { id: b.id, other: a.id, main, by: person }),
      editEntity(deps, { entity: "kundeemne", id: b.id, patch: { attention: `round ${round}` }, by: person }),
    ];
    const [first, second] = await Promise.allSettled(tries);
    expect([first?.status, second?.status].sort()).toEqual(["fulfilled", "rejected"]);
    const records = await stage.ask("select id, merged_into from kundeemner where id = any($1::text[]::uuid[])", [
      `{${a.id},${b.id}}`,
    ]);
    expect(records.filter((record) => record.merged_into === null)).toHaveLength(1);
    await settle();
    const survivor = records.find((record) => record.merged_into === null)?.id;
    const contacts = await stage.ask("select kundeemne_id from kontaktpersoner where id = any($1::text[]::uuid[])", [
      `{${a.contact},${b.contact}}`,
    ]);
    expect(contacts.map((contact) => contact.kundeemne_id)).toEqual([survivor, survivor]);
  }
});

test("R28 where a connection is only read from, nobody has to name a main link: the one of the record that stays speaks", async () => {
  const inward = await startPulled({ shop: { direction: "in" } });
  const { deps } = inward.engine;
  for (const externalId of ["1", "2"])
    await inward.push("shop", {
      externalId,
      counter: 1,
      data: { firmanavn: `Firma ${externalId}`, soegenavn: externalId },
    });
  const [a, b] = [await inward.record("Firma 1"), await inward.record("Firma 2")];
  const { refusal } = await mergeKundeemner(deps, { id: String(b.id), other: String(a.id), by: person });
  expect(refusal).toBeNull();
  expect(await inward.ask("select external_id, state, entity_id from links order by external_id")).toEqual([
    { external_id: "1", state: "extra", entity_id: b.id },
    { external_id: "2", state: "linked", entity_id: b.id },
  ]);
  await inward.push("shop", {
    externalId: "1",
    counter: 2,
    data: { firmanavn: "Firma 1", soegenavn: "1", telefon: "70102030" },
  });
  await inward.push("shop", {
    externalId: "2",
    counter: 2,
    data: { firmanavn: "Firma 2", soegenavn: "2", attention: "Bo" },
  });
  expect(await inward.record("Firma 2")).toMatchObject({ telefon: null, attention: "Bo" });
  expect(await inward.ask("select unit from reviews where kind = 'proposal' and state = 'open'")).toEqual([
    { unit: "telefon" },
  ]);
  await inward.engine.close();
});

test("R28 R33 undo judges what the remote was edited to, and not what we have overwritten there since", async () => {
  const { deps } = stage.engine;
  const data = { firmanavn: "Tolv ApS", soegenavn: "TOLV", attention: "Tolv" };
  await stage.push("erp", { externalId: "T12", data, counter: 1 });
  const { entity_id: other } = await stage.link("erp", "T12");
  const { id } = await createEntity(deps, { entity: "kundeemne", values: { firmanavn: "Efter ApS" }, by: person });
  const sent = async () => {
    const { deliveries } = await stage.lease("erp");
    const ours = deliveries.filter(({ externalId }) => externalId === "T12");
    // Applied, without a word about how the object looks now: what was sent stands in base alone.
    await stage.receipt("erp", ...ours.map(({ delivery }) => ({ delivery, outcome: "done" as const })));
    return Object.assign({}, ...ours.map((each) => each.data));
  };
  await sent();
  const { merge } = await mergeKundeemner(deps, { id, other: String(other), by: person });
  await sent();
  await stage.push("erp", {
    externalId: "T12",
    data: { ...data, firmanavn: "Efter ApS", telefon: "70102030" },
    counter: 3,
  });
  await stage.edit(id, { attention: "Nyere" });
  expect(await sent()).toEqual({ attention: "Nyere" });
  const image = async () => {
    const { id: link } = await stage.link("erp", "T12");
    return (await loadImages(deps.db.sql, [String(link)])).get(String(link));
  };
  await unmergeKundeemner(deps, { merge: Number(merge), by: person });
  expect(await image()).toMatchObject({ attention: "Nyere", telefon: "70102030" });
  expect(await sent()).toMatchObject({ attention: "Tolv" });
  const [record] = await stage.ask("select attention, telefon from kundeemner where id = $1", [String(other)]);
  expect(record).toEqual({ attention: "Tolv", telefon: "70102030" });
  // Nor does the image go back to an older reading where the object is linked again.
  const { id: linkId } = await stage.link("erp", "T12");
  await unlink(deps, { linkId: String(linkId), by: person });
  const account = { connection: "erp", object: "debitor", externalId: "T12" };
  await linkEntity(deps, { entity: "kundeemne", entityId: String(other), ...account, by: person });
  expect(await image()).toMatchObject({ attention: "Tolv", telefon: "70102030", firmanavn: "Tolv ApS" });
});
