import { afterEach, expect, test } from "vitest";
import { receive } from "../../src/pipelines/receive.ts";
import { keeper, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);

test("R34 what stands under a tombstone is not taken in again: no body is kept, the hit is counted, others go on", async () => {
  const wish = { debitor: { direction: "in", firstMeeting: "remote", create: "in" } };
  const { engine, ask } = await startStage({ objects: {}, open: [], api: { shop: wish } }, kept.keep);
  await ask("update lanes set released_in = true");
  const { deps } = engine;
  await ask("insert into tombstones (hash, kind, at) values ($1, 'external_id', kobling_now())", [
    deps.seal.mac("shop\u0000debitor\u00001"),
  ]);
  const told = await receive(deps, { connection: "shop", object: "debitor", via: "push" }, [
    { externalId: "1", data: { firmanavn: "Glemt ApS" } },
    { externalId: "2", data: { firmanavn: "Kendt ApS" } },
  ]);
  expect(told).toEqual({ kept: 1, repeats: 1, refused: [] });
  await engine.work();
  expect(await ask("select external_id from changes")).toEqual([{ external_id: "2" }]);
  expect(await ask("select firmanavn from kundeemner")).toEqual([{ firmanavn: "Kendt ApS" }]);
  expect(await ask("select hits from tombstones")).toEqual([{ hits: 1 }]);
});
