import { beforeEach, expect, test } from "vitest";
import { receive } from "../../src/pipelines/receive.ts";
import { completeSnapshot, openSnapshot } from "../../src/pipelines/snapshots.ts";
import { findSnapshot } from "../../src/store/snapshots-read.ts";
import { person } from "../support/engine.ts";
import { type Pulled, startPulled } from "../support/pulled.ts";

const at = { connection: "erp", object: "debitor" } as const;
const debitor = (n: number) => ({ firmanavn: `Firma ${n} ApS`, soegenavn: `FIRMA ${n}` });

let stage: Pulled;
beforeEach(async () => {
  stage = await startPulled();
  for (const n of [1, 2, 3]) await stage.push("erp", { externalId: String(n), data: debitor(n) });
});

/** Opens a snapshot, pushes these debitorer with it, and gives what completing needs. */
async function snapshotOf(...numbers: number[]): Promise<{ snapshot: string }> {
  const { deps } = stage.engine;
  const { snapshot } = await openSnapshot(deps, { ...at, by: person });
  const runId = (await findSnapshot(deps.db.sql, snapshot))?.runId ?? -1;
  const envelopes = numbers.map((n) => ({ externalId: String(n), data: debitor(n) }));
  await receive(deps, { ...at, via: "snapshot", runId }, envelopes);
  await stage.engine.work();
  return { snapshot };
}

const complete = (snapshot: string, count: number) => completeSnapshot(stage.engine.deps, { ...at, snapshot, count });

test("R21 a snapshot is refused while its count is not that of the objects that came, and verifies the lane when it is", async () => {
  await stage.ask("update lanes set unverifiable_since = kobling_now()");
  const { snapshot } = await snapshotOf(1, 2, 3);
  await expect(complete(snapshot, 4)).rejects.toMatchObject({ name: "RejectedError", context: { came: 3, count: 4 } });
  expect(await complete(snapshot, 3)).toEqual({ state: "complete", missing: 0 });
  expect(await stage.ask("select unverifiable_since from lanes")).toEqual([{ unverifiable_since: null }]);
  expect(await stage.ask("select kind, state from runs where kind = 'snapshot'")).toEqual([
    { kind: "snapshot", state: "done" },
  ]);
  await expect(complete(snapshot, 3)).rejects.toMatchObject({ name: "RejectedError", code: "conflict" });
});

test("R9 what one snapshot missed is suspected, and gone when a later one misses it too", async () => {
  const first = await snapshotOf(1, 2);
  expect(await complete(first.snapshot, 2)).toMatchObject({ missing: 1 });
  expect(await stage.link("erp", "3")).toMatchObject({ state: "linked", missing_since: expect.any(Date) });
  const second = await snapshotOf(1, 2);
  expect(await complete(second.snapshot, 2)).toMatchObject({ missing: 1 });
  expect(await stage.link("erp", "3")).toMatchObject({ state: "gone" });
  expect(await stage.record("Firma 3 ApS")).toMatchObject({ findes_deb: false });
  expect(await stage.record("Firma 1 ApS")).toMatchObject({ findes_deb: true });
});

test("R9 an object that a snapshot shows again is not suspected any more", async () => {
  await complete((await snapshotOf(1, 2)).snapshot, 2);
  await complete((await snapshotOf(1, 2, 3)).snapshot, 3);
  expect(await stage.link("erp", "3")).toMatchObject({ state: "linked", missing_since: null });
  await complete((await snapshotOf(1, 2)).snapshot, 2);
  expect(await stage.link("erp", "3")).toMatchObject({ state: "linked", missing_since: expect.any(Date) });
});

test("R21 opening another snapshot abandons the one that was open", async () => {
  const first = await snapshotOf(1);
  const second = await snapshotOf(1, 2, 3);
  await expect(complete(first.snapshot, 1)).rejects.toMatchObject({ code: "conflict" });
  expect(await complete(second.snapshot, 3)).toMatchObject({ missing: 0 });
});

test("R21 without counters a push is a hint only once we have written, and the snapshot tells what it hinted at", async () => {
  const { id } = await stage.record("Firma 1 ApS");
  await stage.edit(id, { attention: "Bo" });
  const [delivery] = (await stage.lease("erp")).deliveries;
  await stage.receipt("erp", { delivery: delivery?.delivery ?? -1, outcome: "done" });
  const edited = { ...debitor(1), attention: "Bo", telefon: "33123456" };
  await stage.push("erp", { externalId: "1", data: edited });
  expect(await stage.record("Firma 1 ApS")).toMatchObject({ telefon: null });
  const { snapshot } = await openSnapshot(stage.engine.deps, { ...at, by: person });
  const runId = (await findSnapshot(stage.engine.deps.db.sql, snapshot))?.runId ?? -1;
  await receive(stage.engine.deps, { ...at, via: "snapshot", runId }, [{ externalId: "1", data: edited }]);
  await stage.engine.work();
  expect(await stage.record("Firma 1 ApS")).toMatchObject({ telefon: "33123456", attention: "Bo" });
});
