import { afterEach, beforeEach, expect, test } from "vitest";
import { type Ghost, startGhost } from "../../simulators/audiences/ghost.ts";
import type { AudienceClient, OptOutPage } from "../../src/connectors/audience.ts";
import { batchOf, carried, connectAudience } from "../support/audience-client.ts";

let tool: Ghost;
let client: AudienceClient;
beforeEach(async () => {
  tool = await startGhost();
  client = connectAudience("ghost", { url: tool.baseUrl, adminKey: tool.adminKey });
});
afterEach(async () => {
  await client.close();
  await tool.close();
});
const optOuts = async (cursor: string | null): Promise<OptOutPage[]> => Array.fromAsync(client.optOuts?.(cursor) ?? []);

test("R23 who is subscribed to nothing there gets no label and is not subscribed again", async () => {
  await carried(client, batchOf("b-1", ["ada", "bo"]));
  tool.unsubscribe("ada@firma.dk");
  await carried(client, batchOf("b-2", [], ["ada"]));
  expect(await carried(client, batchOf("b-3", ["ada", "bo"]))).toEqual([
    { key: "ada@firma.dk", outcome: "opted_out", at: expect.stringMatching(/999Z$/) },
  ]);
  expect(tool.labelled("Efterår")).toEqual(["bo@firma.dk"]);
  expect(tool.member("ada@firma.dk").subscribed).toBe(false);
  expect(tool.member("bo@firma.dk")).toMatchObject({
    name: "Person bo",
    labels: [{ name: "Efterår 2026 (00000001)" }],
  });
});

test("labels of others stay, and a member that has the label is not written again", async () => {
  await carried(client, batchOf("b-1", ["ada"]));
  tool.label("ada@firma.dk", "VIP");
  const writes = () => tool.log.filter(({ method }) => method !== "GET").length;
  const before = writes();
  await carried(client, batchOf("b-2", ["ada"]));
  expect(writes()).toBe(before);
  await carried(client, batchOf("b-3", [], ["ada"]));
  expect(tool.member("ada@firma.dk").labels).toEqual([{ name: "VIP" }]);
});

test("one address that it refuses stops nobody else; an apostrophe in one is no end of a filter", async () => {
  expect(await carried(client, batchOf("b-1", ["bad", "o'hara"]))).toEqual([
    { key: "bad@firma.dk", outcome: "refused", code: "validation_error" },
  ]);
  expect(tool.labelled("Efterår")).toEqual(["o'hara@firma.dk"]);
  await carried(client, batchOf("b-2", [], ["o'hara"]));
  expect(tool.labelled("Efterår")).toEqual([]);
});

test("who said no is read page by page since the last reading", async () => {
  const names = Array.from({ length: 105 }, (_, at) => `p${at}`);
  await carried(client, batchOf("b-1", names));
  for (const name of names) tool.unsubscribe(`${name}@firma.dk`);
  const pages = await optOuts(null);
  expect(pages.map((page) => page.optOuts.length)).toEqual([100, 5]);
  expect(pages[0]?.cursor).toBeNull();
  const cursor = pages[1]?.cursor ?? "";
  await optOuts(cursor);
  expect(tool.log.at(-1)?.query.get("filter")).toBe(
    `subscribed:false+updated_at:>'${cursor.slice(0, 19).replace("T", " ")}'`,
  );
});
