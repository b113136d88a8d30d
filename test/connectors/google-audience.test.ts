import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DataManager, startDataManager } from "../../simulators/audiences/google.ts";
import type { AudienceClient } from "../../src/connectors/audience.ts";
import { hashedEmail } from "../../src/connectors/google-audience/hash.ts";
import { settings as settingsSchema } from "../../src/connectors/google-audience/settings.ts";
import excerpt from "../contracts/google/datamanager.v1.excerpt.json" with { type: "json" };
import { batchOf, campaign, carried, connectAudience, failureOf } from "../support/audience-client.ts";
import { faultsOf } from "../support/vendor-document.ts";

let tool: DataManager;
let client: AudienceClient;
const settingsOf = ({ account, email, privateKey, baseUrl, tokenUrl }: DataManager, more: object = {}) => ({
  ...{ account, baseUrl, tokenUrl, serviceAccount: { email, privateKey }, acceptCustomerMatchTerms: true },
  ...{ userLists: { [campaign.name]: "777" }, ...more },
});
beforeEach(async () => {
  tool = await startDataManager();
  client = connectAudience("google-audience", settingsOf(tool));
});
afterEach(async () => {
  await client.close();
  await tool.close();
});
const sha = (text: string): string => createHash("sha256").update(text).digest("hex");

interface Operation {
  readonly request?: object;
  readonly response?: object;
  readonly query?: readonly string[];
}
const operations = excerpt.operations as Readonly<Record<string, Operation>>;

test("requests are those of Google's own document, and hold nothing of a person but hashes", async () => {
  await carried(client, batchOf("b-1", ["ada", "bo"], ["carl"]));
  const asked = tool.log.filter(({ path }) => path !== "/token");
  expect([...new Set(asked.map(({ method, path }) => `${method} ${path}`))].toSorted()).toEqual(
    Object.keys(operations).toSorted(),
  );
  for (const { method, path, query, body } of asked) {
    const operation = operations[`${method} ${path}`];
    for (const key of query.keys()) expect(operation?.query).toContain(key);
    if (method === "POST") expect(faultsOf(operation?.request, JSON.parse(body), true)).toEqual([]);
    for (const value of ["firma.dk", "FIRMA", "Person a", "id-ada"]) expect(body).not.toContain(value);
  }
  expect(tool.onList("777")).toEqual([sha("ada@firma.dk"), sha("bo@firma.dk")].toSorted());
});

test("an address is hashed as Google matches it: trimmed, in lower case, at Gmail without its dots", () => {
  expect(hashedEmail(" Ada@Firma.DK ")).toBe(sha("ada@firma.dk"));
  expect(hashedEmail("Ada.Lovelace@gmail.com")).toBe(sha("adalovelace@gmail.com"));
  expect(hashedEmail("a.b@googlemail.com")).toBe(sha("ab@googlemail.com"));
  expect(hashedEmail("a.b@firma.dk")).toBe(sha("a.b@firma.dk"));
});

test("a batch that fails whole is told as refused, one that Google no longer knows as gone", async () => {
  tool.refuse(sha("bo@firma.dk"));
  expect(await failureOf(carried(client, batchOf("b-1", ["ada", "bo"])))).toMatchObject({
    ...{ name: "RejectedError", code: "refused_by_remote" },
  });
  const answer = await client.send(batchOf("b-2", ["ada"]));
  tool.forget();
  const ticket = answer.kind === "ticket" ? answer.ticket : "";
  expect(await failureOf(Promise.resolve(client.check?.(ticket, batchOf("b-2", ["ada"]))))).toMatchObject({
    code: "gone",
  });
});

test("a campaign without a list stops the connection with the way out; so does a key that cannot be read", async () => {
  const other = { ...batchOf("b-1", ["ada"]), campaign: { ...campaign, name: "En anden" } };
  expect(await failureOf(client.send(other))).toMatchObject({ name: "ConnectionError", code: "bad_settings" });
  const serviceAccount = { email: tool.email, privateKey: "-----BEGIN nothing-----" };
  const stranger = connectAudience("google-audience", settingsOf(tool, { serviceAccount }));
  const error = await failureOf(stranger.discover());
  expect(error).toMatchObject({ name: "ConnectionError", code: "bad_credentials" });
  expect(String(error)).not.toContain("BEGIN");
  await stranger.close();
  const { acceptCustomerMatchTerms: _, ...unread } = settingsOf(tool);
  expect(settingsSchema.safeParse(unread).error?.issues[0]?.path).toEqual(["acceptCustomerMatchTerms"]);
});

test("a token that is refused is renewed once", async () => {
  await client.discover();
  tool.revoke();
  await carried(client, batchOf("b-1", ["ada"]));
  expect(tool.onList("777")).toEqual([sha("ada@firma.dk")]);
});
