import { afterEach, beforeEach, expect, test } from "vitest";
import { type Klaviyo, startKlaviyo } from "../../simulators/audiences/klaviyo.ts";
import type { AudienceClient, OptOutPage } from "../../src/connectors/audience.ts";
import { klaviyo } from "../../src/connectors/klaviyo/index.ts";
import excerpt from "../contracts/klaviyo/klaviyo-2026-07-15.excerpt.json" with { type: "json" };
import { batchOf, carried, connectAudience } from "../support/audience-client.ts";
import { faultsOf } from "../support/vendor-document.ts";

let tool: Klaviyo;
let client: AudienceClient;
beforeEach(async () => {
  tool = await startKlaviyo();
  client = connectAudience("klaviyo", { apiKey: tool.apiKey, baseUrl: tool.baseUrl });
});
afterEach(async () => {
  await client.close();
  await tool.close();
});
const optOuts = async (cursor: string | null): Promise<OptOutPage[]> => Array.fromAsync(client.optOuts?.(cursor) ?? []);

interface Operation {
  readonly request?: object;
  readonly response?: object;
  readonly query?: readonly string[];
}
const operations = excerpt.operations as Readonly<Record<string, Operation>>;
const named = (method: string, path: string): string =>
  `${method} ${path.replace(/^\/api\/lists\/\w+\//, "/api/lists/{id}/")}`;

test("requests and answers are those of the vendor's own document, and each names the revision that it was built to", async () => {
  await client.discover();
  await carried(client, batchOf("b-1", ["ada", "bo"]));
  await carried(client, batchOf("b-2", ["carl"], ["ada"]));
  await optOuts("2026-01-01T00:00:00.000Z");
  const asked = new Set<string>();
  for (const { method, path, query, body, headers } of tool.log) {
    const name = named(method, path);
    asked.add(name);
    expect(operations).toHaveProperty([name]);
    expect(headers.revision).toBe(excerpt.revision);
    for (const key of query.keys()) expect(operations[name]?.query).toContain(key);
    if (body !== "") expect(faultsOf(operations[name]?.request, JSON.parse(body), true)).toEqual([]);
  }
  expect([...asked].toSorted()).toEqual(Object.keys(operations).toSorted());
  const headers = { authorization: `Klaviyo-API-Key ${tool.apiKey}`, revision: excerpt.revision };
  const url = `${tool.baseUrl}/api/profiles?additional-fields[profile]=subscriptions`;
  const answer = (await (await fetch(url, { headers })).json()) as { data: object[] };
  expect(answer.data.length).toBe(3);
  expect(faultsOf(operations["GET /api/profiles"]?.response, answer, false)).toEqual([]);
});

test("R23 whoever has unsubscribed or is suppressed there is put on no list, and nobody is subscribed", async () => {
  await carried(client, batchOf("b-1", ["ada", "bo", "carl"]));
  tool.unsubscribe("ada@firma.dk");
  tool.suppress("bo@firma.dk", "SPAM_COMPLAINT");
  await carried(client, batchOf("b-2", [], ["ada", "bo"]));
  expect(await carried(client, batchOf("b-3", ["ada", "bo", "carl"]))).toEqual([
    { key: "ada@firma.dk", outcome: "opted_out", kind: "withdrawn", at: expect.stringMatching(/Z$/) },
    { key: "bo@firma.dk", outcome: "opted_out", kind: "complained", at: expect.stringMatching(/Z$/) },
  ]);
  expect(tool.onList("Efterår")).toEqual(["carl@firma.dk"]);
  expect(tool.profile("carl@firma.dk")).toMatchObject({
    ...{
      consent: "NEVER_SUBSCRIBED",
      external_id: "id-carl",
      first_name: "Person carl",
      organization: "Firma carl ApS",
    },
  });
});

test("one address that it refuses stops nobody else", async () => {
  tool.refuse("bo@firma.dk");
  expect(await carried(client, batchOf("b-1", ["ada", "bo"]))).toEqual([
    { key: "bo@firma.dk", outcome: "refused", code: "refused_by_remote" },
  ]);
  expect(tool.onList("Efterår")).toEqual(["ada@firma.dk"]);
});

test("who said no is read page by page from what has changed, with what kind of no it was", async () => {
  const names = Array.from({ length: 45 }, (_, at) => `p${at}`);
  for (const at of [0, 1, 2])
    await carried(
      client,
      batchOf(
        `b-${at}`,
        names.map((name) => `${name}-${at}`),
      ),
    );
  tool.unsubscribe("p1-0@firma.dk");
  tool.suppress("p2-2@firma.dk", "HARD_BOUNCE");
  const pages = await optOuts(null);
  expect(pages.length).toBe(2);
  expect(pages[0]?.cursor).toBeNull();
  expect(pages.flatMap((page) => page.optOuts)).toMatchObject([
    { address: "P1-0@firma.dk", kind: "withdrawn", isStanding: true },
    { address: "P2-2@firma.dk", kind: "unreachable", isStanding: true },
  ]);
  await optOuts(pages[1]?.cursor ?? "");
  expect(tool.log.at(-1)?.query.get("filter")).toBe(`greater-than(updated,${pages[1]?.cursor})`);
});

test("a notice is believed only with the right signature, and of now", () => {
  const definition = klaviyo.audience;
  const settings = klaviyo.settings.parse({ apiKey: tool.apiKey, webhookSecret: tool.webhookSecret });
  const read = (notice: ReturnType<Klaviyo["notice"]>, at = settings) =>
    definition?.readNotice?.(at, notice, new Date());
  const { body, headers } = tool.notice();
  expect(read({ body, headers })).toBe("read");
  const forged = [
    { body: `${body} `, headers },
    { body, headers: { ...headers, "klaviyo-signature": "00".repeat(32) } },
    { body, headers: {} },
    { body, headers: { ...headers, "klaviyo-timestamp": "soon" } },
    tool.notice(new Date(Date.now() - 600_000)),
  ];
  for (const each of forged) expect(() => read(each)).toThrow(expect.objectContaining({ code: "not_allowed" }));
  expect(() => read({ body, headers }, klaviyo.settings.parse({ apiKey: tool.apiKey }))).toThrow("not signed");
});
