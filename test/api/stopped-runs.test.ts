import { expect, test } from "vitest";
import { receive } from "../../src/pipelines/receive.ts";
import { guardsOf, numbers } from "../support/crowd.ts";
import { type Desk, startDesk } from "../support/desk.ts";

/** Twelve accounts of a system that pushes, of which five may be overwritten in an hour. */
async function startStopped(): Promise<Desk & { review: number }> {
  const desk = await startDesk({ erp: {} }, guardsOf({ overwrites: { max: 5, percent: 100 } }));
  const { deps } = desk.engine;
  const tell = async (counter: number, name: string): Promise<void> => {
    const told = numbers(1, 12).map((id) => ({
      externalId: String(id),
      data: { firmanavn: `${name} ${id} ApS`, telefon: String(20_000_000 + id) },
      counter,
    }));
    await receive(deps, { connection: "erp", object: "debitor", via: "push" }, told);
    await desk.engine.work();
  };
  await tell(1, "Firma");
  await tell(2, "Andet");
  const [review] = await desk.waiting("stopped_run");
  return { ...desk, review: review.id };
}

const names = async ({ ok }: Desk, text: string): Promise<number> =>
  (await ok("GET", "/v1/kundeemner?limit=100")).items.filter((each: { firmanavn: string }) =>
    each.firmanavn.startsWith(text),
  ).length;

test("R30 status shows the stopped object and the review that waits, and the review says what it would have done", async () => {
  const desk = await startStopped();
  const [erp] = (await desk.ok("GET", "/v1/status")).connections;
  expect(erp.objects).toMatchObject([
    { object: "debitor", stopped: { review: desk.review, reason: "R30:overwrites" }, waiting: 12 },
  ]);
  const review = await desk.ok("GET", `/v1/reviews/${desk.review}`);
  expect(review).toMatchObject({
    ...{ kind: "stopped_run", connection: "erp", object: "debitor", decisions: ["approve", "dismiss"] },
    detail: {
      ...{ direction: "in", kind: "overwrites", would: 12, limit: 5, waiting: 12 },
      counts: { deletes: 0, clears: 0, overwrites: 12, creates: 0 },
      text: { da: expect.stringContaining("12 objekter"), en: expect.stringContaining("12 objects") },
    },
  });
  // Ids and names of fields; what stands in them stays where it is.
  expect(review.detail.sample[0]).toMatchObject({ externalId: "1", fields: { firmanavn: "overwrite" } });
  expect(JSON.stringify(review.detail)).not.toMatch(/Firma|Andet/);
});

test("R30 a stopped run is approved in part, then dismissed, and the object goes on", async () => {
  const desk = await startStopped();
  const decide = (id: number, body: object) => desk.ok("POST", `/v1/reviews/${id}/decision`, body);
  await decide(desk.review, { decision: "approve", range: { objects: ["3", "7"] }, why: "aftalt" });
  await desk.engine.work();
  expect(await names(desk, "Andet")).toBe(2);
  const [rest] = await desk.waiting("stopped_run");
  expect(rest.detail).toMatchObject({ restOf: desk.review, waiting: 10, counts: { overwrites: 10 } });
  await decide(rest.id, { decision: "dismiss" });
  await desk.engine.work();
  expect(await names(desk, "Andet")).toBe(2);
  expect((await desk.ok("GET", "/v1/quarantine?limit=100")).items).toHaveLength(10);
  const [erp] = (await desk.ok("GET", "/v1/status")).connections;
  expect(erp.objects).toMatchObject([{ stopped: null, waiting: 0, quarantined: 10 }]);
});

test("R30 a range that names nothing it can be is refused, and so is another decision", async () => {
  const desk = await startStopped();
  const path = `/v1/reviews/${desk.review}/decision`;
  const say = async (body: object) => (await desk.api("POST", path, { body })).status;
  expect(await say({ decision: "approve", range: { count: 0 } })).toBe(422);
  expect(await say({ decision: "approve", range: { first: 3 } })).toBe(422);
  expect(await say({ decision: "acknowledge" })).toBe(422);
  expect(await names(desk, "Firma")).toBe(12);
});
