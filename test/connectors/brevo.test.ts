import { afterEach, beforeEach, expect, test } from "vitest";
import { type Brevo, startBrevo } from "../../simulators/audiences/brevo.ts";
import type { AudienceClient, OptOutPage } from "../../src/connectors/audience.ts";
import excerpt from "../contracts/brevo/brevo-3.0.0.excerpt.json" with { type: "json" };
import { batchOf, carried, connectAudience } from "../support/audience-client.ts";
import { faultsOf } from "../support/vendor-document.ts";

let tool: Brevo;
let client: AudienceClient;
beforeEach(async () => {
  tool = await startBrevo();
  client = connectAudience("brevo", { apiKey: tool.apiKey, baseUrl: tool.baseUrl });
});
afterEach(async () => {
  await client.close();
  await tool.close();
});
const optOuts = async (cursor: string | null): Promise<OptOutPage[]> => Array.fromAsync(client.optOuts?.(cursor) ?? []);

interface Operation {
  readonly request?: object;
  readonly response?: object;
  readonly query?: Readonly<Record<string, { readonly enum?: readonly string[]; readonly maximum?: number }>>;
}
const operations = excerpt.operations as Readonly<Record<string, Operation>>;
const named = (method: string, path: string): string =>
  `${method} ${path.replace(/lists\/\d+\//, "lists/{listId}/").replace(/^\/contacts\/[^/]*(@|%40)[^/]*$/, "/contacts/{identifier}")}`;

test("requests and answers are those of the vendor's own document: paths, fields, limits", async () => {
  await client.discover();
  await carried(client, batchOf("b-1", ["ada", "bo"]));
  await carried(client, batchOf("b-2", ["carl"], ["ada"]));
  await optOuts("2026-01-01T00:00:00.000Z");
  const asked = new Set<string>();
  for (const { method, path, query, body } of tool.log) {
    const name = named(method, path);
    asked.add(name);
    expect(operations).toHaveProperty([name]);
    for (const [key, value] of query) {
      const known = operations[name]?.query?.[key];
      expect(known).toBeDefined();
      if (known?.enum !== undefined) expect(known.enum).toContain(value);
      if (known?.maximum !== undefined) expect(Number(value)).toBeLessThanOrEqual(known.maximum);
    }
    if (body === "") continue;
    // Attributes are the account's own: the document names none.
    const { attributes: _, ...rest } = JSON.parse(body);
    expect(faultsOf(operations[name]?.request, rest, true)).toEqual([]);
  }
  expect([...asked].toSorted()).toEqual(Object.keys(operations).toSorted());
  for (const path of ["/contacts", "/contacts/bo%40firma.dk", "/contacts/lists"]) {
    const answer = await (await fetch(tool.baseUrl + path, { headers: { "api-key": tool.apiKey } })).json();
    expect(faultsOf(operations[named("GET", path)]?.response, answer, false)).toEqual([]);
  }
});

test("R23 whoever is blacklisted there is put on no list, and the blacklisting is not lifted", async () => {
  await carried(client, batchOf("b-1", ["ada", "bo"]));
  tool.unsubscribe("ada@firma.dk");
  await carried(client, batchOf("b-2", [], ["ada"]));
  expect(await carried(client, batchOf("b-3", ["ada", "bo"]))).toEqual([
    { key: "ada@firma.dk", outcome: "opted_out", at: expect.stringMatching(/999Z$/) },
  ]);
  expect(tool.onList("Efterår")).toEqual(["bo@firma.dk"]);
  expect(tool.contact("ada@firma.dk").emailBlacklisted).toBe(true);
  expect(tool.contact("bo@firma.dk").attributes).toEqual({ FIRSTNAME: "Person bo" });
});

test("one address that it refuses stops nobody else, and the word for it holds no value", async () => {
  tool.refuse("bo@firma.dk");
  expect(await carried(client, batchOf("b-1", ["ada", "bo"]))).toEqual([
    { key: "bo@firma.dk", outcome: "refused", code: "invalid_parameter" },
  ]);
  expect(tool.onList("Efterår")).toEqual(["ada@firma.dk"]);
});

test("a campaign finds its list among many others", async () => {
  for (let at = 0; at < 60; at += 1) {
    const json = { name: at === 0 ? "Efterår 2026 (00000001)" : `Liste ${at}`, folderId: 1 };
    const headers = { "api-key": tool.apiKey };
    await fetch(`${tool.baseUrl}/contacts/lists`, { method: "POST", body: JSON.stringify(json), headers });
  }
  const made = () => tool.log.filter(({ method, path }) => method === "POST" && path === "/contacts/lists").length;
  await carried(client, batchOf("b-1", ["ada"]));
  expect(made()).toBe(60);
  expect(tool.onList("Efterår")).toEqual(["ada@firma.dk"]);
});

test("who said no is read from what has changed since the last reading", async () => {
  await carried(client, batchOf("b-1", ["ada", "bo"]));
  tool.unsubscribe("bo@firma.dk");
  const [page] = await optOuts(null);
  expect(page?.optOuts).toEqual([
    { address: "bo@firma.dk", channel: "email", kind: "withdrawn", isStanding: true, at: expect.any(String) },
  ]);
  await optOuts(page?.cursor ?? "");
  expect(tool.log.at(-1)?.query.get("modifiedSince")).toBe(page?.cursor);
});
