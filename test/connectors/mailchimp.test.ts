import { afterEach, beforeEach, expect, test } from "vitest";
import { type Mailchimp, startMailchimp } from "../../simulators/audiences/mailchimp.ts";
import type { AudienceClient, OptOutPage } from "../../src/connectors/audience.ts";
import { memberHash } from "../../src/connectors/mailchimp/operations.ts";
import { settings as settingsSchema } from "../../src/connectors/mailchimp/settings.ts";
import excerpt from "../contracts/mailchimp/marketing-3.0.excerpt.json" with { type: "json" };
import { batchOf, carried, connectAudience, failureOf } from "../support/audience-client.ts";
import { faultsOf } from "../support/vendor-document.ts";

let tool: Mailchimp;
let client: AudienceClient;
beforeEach(async () => {
  tool = await startMailchimp({ patience: 2 });
  const { apiKey, list } = tool;
  client = connectAudience("mailchimp", { apiKey, list, baseUrl: `${tool.baseUrl}/3.0` });
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
const HASH = /[0-9a-f]{32}/;
const named = (method: string, path: string): string =>
  `${method} ${path
    .replace(/^\/3\.0/, "")
    .replace(tool.list, "{list_id}")
    .replace(HASH, "{subscriber_hash}")
    .replace(/^\/batches\/\w+$/, "/batches/{batch_id}")}`;

test("requests and answers are those of the vendor's own document: paths, fields, values", async () => {
  tool.refuse("bo@firma.dk");
  await client.discover();
  await carried(client, batchOf("b-1", ["ada", "bo"], ["carl"]));
  tool.unsubscribe("ada@firma.dk");
  await optOuts("2026-01-01T00:00:00.000Z");
  const asked = tool.log.filter(({ path }) => !path.startsWith("/results/"));
  expect(asked.map(({ method, path }) => named(method, path)).filter((name) => !(name in operations))).toEqual([]);
  for (const { method, path, body, query } of asked) {
    const operation = operations[named(method, path)];
    if (method === "POST") expect(faultsOf(operation?.request, JSON.parse(body), true)).toEqual([]);
    for (const [name, value] of query) {
      expect(operation?.query).toHaveProperty(name);
      const known = operation?.query?.[name];
      if (known?.enum !== undefined) expect(known.enum).toContain(value);
      if (known?.maximum !== undefined) expect(Number(value)).toBeLessThanOrEqual(known.maximum);
    }
  }
  expect(tool.operations.length).toBe(4);
  for (const { method, path, body } of tool.operations)
    expect(faultsOf(operations[named(method, path)]?.request, JSON.parse(body ?? ""), true)).toEqual([]);
  // The simulator speaks as the document says too.
  const authorization = `Basic ${Buffer.from(`any:${tool.apiKey}`).toString("base64")}`;
  for (const [path, name] of [
    [`/3.0/lists/${tool.list}/members?status=unsubscribed`, "GET /lists/{list_id}/members"],
    [asked.find(({ path }) => path.startsWith("/3.0/batches/"))?.path ?? "", "GET /batches/{batch_id}"],
  ] as const) {
    const answer = await (await fetch(tool.baseUrl + path, { headers: { authorization } })).json();
    expect(faultsOf(operations[name]?.response, answer, false)).toEqual([]);
  }
});

test("a member is known by the md5 of the address in lower case, made with status_if_new only, and tagged for the campaign", async () => {
  expect(memberHash("Urist.McVankab@freddiesjokes.com")).toBe("62eeb292278cc15f5817cb78f7790b08"); // the vendor's example
  await carried(client, batchOf("b-1", ["ada"]));
  expect(tool.member("ada@firma.dk")).toMatchObject({
    ...{ email_address: "ADA@firma.dk", status: "subscribed", merge_fields: { FNAME: "Person ada" } },
    tags: ["Efterår 2026 (00000001)"],
  });
  expect(tool.operations.map(({ body }) => Object.keys(JSON.parse(body ?? "")))).toEqual([
    ["email_address", "status_if_new", "merge_fields"],
    ["tags", "is_syncing"],
  ]);
});

test("R23 who has unsubscribed there is not subscribed again: told as opted out, as of then", async () => {
  await carried(client, batchOf("b-1", ["ada", "bo", "carl"]));
  tool.unsubscribe("ada@firma.dk");
  tool.clean("bo@firma.dk");
  const receipts = await carried(client, batchOf("b-2", ["ada", "bo", "carl"]));
  expect(receipts).toEqual([
    { key: "ada@firma.dk", outcome: "opted_out", kind: "withdrawn", at: expect.stringMatching(/Z$/) },
    { key: "bo@firma.dk", outcome: "opted_out", kind: "unreachable", at: expect.stringMatching(/Z$/) },
  ]);
  expect(tool.member("ada@firma.dk").status).toBe("unsubscribed");
  expect(tool.tagged("Efterår")).toEqual(["carl@firma.dk"]);
});

test("one address that it refuses stops nobody else, and the word for it holds no value", async () => {
  tool.refuse("bo@firma.dk");
  expect(await carried(client, batchOf("b-1", ["ada", "bo", "carl"]))).toEqual([
    { key: "bo@firma.dk", outcome: "refused", code: "invalid_resource" },
  ]);
  expect(tool.tagged("Efterår")).toEqual(["ada@firma.dk", "carl@firma.dk"]);
});

test("a batch that it no longer knows is told as gone, so that it is sent again", async () => {
  const answer = await client.send(batchOf("b-1", ["ada"]));
  tool.forget();
  const ticket = answer.kind === "ticket" ? answer.ticket : "";
  expect(ticket).not.toContain("firma.dk");
  expect(await failureOf(Promise.resolve(client.check?.(ticket, batchOf("b-1", ["ada"]))))).toMatchObject({
    code: "gone",
  });
});

test("unsubscribes, complaints and hard bounces are read page by page since the last reading", async () => {
  const names = Array.from({ length: 12 }, (_, at) => `p${at}`);
  await carried(client, batchOf("b-1", names));
  tool.unsubscribe("p1@firma.dk");
  tool.unsubscribe("p2@firma.dk", "Abuse report: this is spam");
  tool.clean("p3@firma.dk");
  const pages = await optOuts(null);
  expect(pages.flatMap((page) => page.optOuts)).toEqual([
    { address: "P1@firma.dk", channel: "email", kind: "withdrawn", at: expect.any(String), isStanding: true },
    { address: "P2@firma.dk", channel: "email", kind: "complained", at: expect.any(String), isStanding: true },
    { address: "P3@firma.dk", channel: "email", kind: "unreachable", at: expect.any(String), isStanding: true },
  ]);
  // Only when all is read does the next reading begin later.
  expect(pages.slice(0, -1).map(({ cursor }) => cursor)).toEqual(pages.slice(0, -1).map(() => null));
  const cursor = pages.at(-1)?.cursor ?? "";
  expect(Date.now() - Date.parse(cursor)).toBeGreaterThan(4 * 60_000);
  await optOuts(cursor);
  expect(tool.log.at(-1)?.query.get("since_last_changed")).toBe(cursor);
});

test("a key without its data centre is refused with the way out", () => {
  const read = (apiKey: string) => settingsSchema.safeParse({ apiKey, list: "a1b2c3" });
  expect(read("0123456789abcdef-us21").success).toBe(true);
  expect(read("0123456789abcdef").error?.issues[0]).toMatchObject({ path: ["apiKey"] });
});
