import { afterEach, expect, test } from "vitest";
import { receive } from "../../src/pipelines/receive.ts";
import { keeper, startStage } from "../support/stage.ts";

const kept = keeper();
afterEach(kept.end);

test("R5 what was put aside and comes again unchanged is a repeat; what differs from it is a change", async () => {
  const pushing = { api: { shop: { debitor: { direction: "in", firstMeeting: "remote", create: "in" } } } };
  const { engine, ask } = await startStage({ objects: {}, open: [], ...pushing }, kept.keep);
  await ask("update lanes set released_in = true");
  const push = async (data: Record<string, unknown>) => {
    const told = { connection: "shop", object: "debitor", via: "push" } as const;
    const received = await receive(engine.deps, told, [{ externalId: "1", data: { firmanavn: "A ApS", ...data } }]);
    await engine.work();
    return received;
  };
  const states = async () => (await ask("select state from changes order by id")).map((each) => each.state);

  expect(await push({})).toMatchObject({ kept: 1 });
  expect(await push({ kreditMax: { not: "a number" } })).toMatchObject({ kept: 1, repeats: 0 });
  expect(await push({ kreditMax: { not: "a number" } })).toMatchObject({ kept: 0, repeats: 1 });
  expect(await states()).toEqual(["decided", "quarantined"]);
  // Back to what it was before the fault: A, B, A are three changes.
  expect(await push({})).toMatchObject({ kept: 1, repeats: 0 });
  expect(await push({})).toMatchObject({ kept: 0, repeats: 1 });
});
