import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { type KeyBalanceOptions, startKeyBalance } from "../../simulators/keybalance/server.ts";
import type { TokenStore } from "../../src/connectors/connector.ts";
import { keybalance } from "../../src/connectors/keybalance/index.ts";
import { objectBounds } from "../../src/connectors/keybalance/wire.ts";
import { memoryTokens } from "../support/connector-stage.ts";

async function open(
  options: KeyBalanceOptions,
  settings: (baseUrl: string, token: string) => unknown,
  tokens: TokenStore = memoryTokens(),
) {
  const simulator = await startKeyBalance(options);
  const secrets: string[] = [];
  const { connect, mappings } = keybalance;
  if (connect === undefined) throw new Error("keybalance is called");
  const deps = {
    clock: { now: () => new Date() },
    tokens,
    secret: (text: string) => void secrets.push(text),
    mappings,
  };
  const client = connect(keybalance.settings.parse(settings(simulator.baseUrl, simulator.token)), deps);
  onTestFinished(async () => {
    await client.close();
    await simulator.close();
  });
  return { simulator, client, secrets };
}

const user = { user: "gateway", password: "s3kr3t-kode" };
const signIn = { mode: "login", ...user } as const;
const logIns = (simulator: { log: { entries(query: object): readonly { function: string }[] } }) =>
  simulator.log.entries({}).filter((entry) => entry.function === "Login").length;

test("with user and password it logs in once, however many calls are made", async () => {
  const { simulator, client, secrets } = await open({ signIn }, (baseUrl) => ({ baseUrl, ...user }));
  simulator.control.create("Debitorer", { Kontonr: "1", Navn: "Ada" });
  await client.get("debitor", "1");
  await client.get("debitor", "1");
  expect(logIns(simulator)).toBe(1);
  expect(secrets).toContain(simulator.token);
  expect(secrets).toContain(user.password);
});

test("a token that ran out is renewed once and the call made again, a write too", async () => {
  const { simulator, client } = await open({ signIn }, (baseUrl) => ({ baseUrl, ...user }));
  const { externalId } = await client.create("debitor", { image: null, body: { Navn: "Ada" } });
  simulator.control.expireTokens();
  await client.update("debitor", externalId, { image: null, body: { Navn: "Ada ApS" } });
  expect(simulator.control.row("Debitorer", externalId)?.Navn).toBe("Ada ApS");
  expect(logIns(simulator)).toBe(2);
  expect(simulator.log.writes("Debitorer", externalId)).toHaveLength(2);
});

test("a token that is refused straight after its renewal is the owner's matter, after one renewal", async () => {
  const spent = { ...signIn, requests: 0 };
  const { simulator, client } = await open({ signIn: spent }, (baseUrl) => ({ baseUrl, ...user }));
  await expect(client.get("debitor", "1")).rejects.toMatchObject({ name: "ConnectionError", code: "unauthorized" });
  expect(logIns(simulator)).toBe(2);
});

test("a wrong password is the owner's matter and stands in no error", async () => {
  const { client } = await open({ signIn }, (baseUrl) => ({ baseUrl, user: "gateway", password: "forkert-kode" }));
  const failure = await client.discover().catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "ConnectionError", code: "bad_credentials" });
  expect(JSON.stringify(failure)).not.toContain("forkert-kode");
});

test("a fixed token is masked and never renewed", async () => {
  const { simulator, client, secrets } = await open({}, (baseUrl, token) => ({ baseUrl: `${baseUrl}/`, token }));
  expect((await client.discover()).unmapped).toEqual([]);
  expect(secrets).toEqual([simulator.token]);
  expect(logIns(simulator)).toBe(0);
});

test("functions that no mapping speaks of are told", async () => {
  const tables = { Ordrer: { like: "Debitorer" } };
  const { client } = await open({ tables }, (baseUrl, token) => ({ baseUrl, token }));
  expect((await client.discover()).unmapped).toEqual(["Ordrer"]);
});

test("where the caller numbers, the number that was sent is the id", async () => {
  const tables = { Debitorer: { numbers: "caller" } } as const;
  const { client } = await open({ tables }, (baseUrl, token) => ({ baseUrl, token }));
  const answer = await client.create("debitor", { image: null, body: { Kontonr: "0077", Navn: "Ada" } });
  expect(answer.externalId).toBe("0077");
});

test("ids with signs of their own reach the remote whole", async () => {
  const { simulator, client } = await open({}, (baseUrl, token) => ({ baseUrl, token }));
  simulator.control.create("Debitorer", { Kontonr: "Ø/7 a%", Navn: "Ada" });
  await expect(client.get("debitor", "Ø/7 a%")).resolves.toMatchObject({ object: { externalId: "Ø/7 a%" } });
});

test("a list without objects is one empty page", async () => {
  const { client } = await open({}, (baseUrl, token) => ({ baseUrl, token }));
  const pages = await Array.fromAsync(client.list("kreditor", {}));
  expect(pages).toMatchObject([{ objects: [], whole: true }]);
});

test("settings are a token or a user with a password, not both and not neither", () => {
  const baseUrl = "https://erp.example.dk/firma/API2";
  const { settings } = keybalance;
  expect(settings.safeParse({ baseUrl, token: "t" }).success).toBe(true);
  expect(settings.safeParse({ baseUrl, ...user }).success).toBe(true);
  expect(settings.safeParse({ baseUrl }).success).toBe(false);
  expect(settings.safeParse({ baseUrl, token: "t", ...user }).success).toBe(false);
  expect(settings.safeParse({ baseUrl: "ftp://x", token: "t" }).success).toBe(false);
});

test("the objects of a list are found exactly as a JSON parser would", () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), fc.constantFrom(0, 1, 2), (objects, indent) => {
      const text = JSON.stringify(objects, null, indent);
      const bounds = objectBounds(text);
      const found = bounds.flatMap((from, at) => (at % 2 === 0 ? [JSON.parse(text.slice(from, bounds[at + 1]))] : []));
      expect(found).toEqual(JSON.parse(text));
    }),
  );
});

test("a list that was cut anywhere is no list", () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), fc.nat(), (objects, at) => {
      const text = JSON.stringify(objects);
      expect(() => objectBounds(text.slice(0, at % text.length))).toThrow(
        expect.objectContaining({ code: "bad_answer" }),
      );
    }),
  );
});

test.each([
  '{"fejl":"x"}',
  '[{"a":1}{"b":2}]',
  '[{"a":1},]',
  "[1]",
  '["a"]',
  "[{}] x",
  "[{}],[{}]",
  "",
  "[[]]",
  "<html>",
])("%s is no list of objects", (text) => {
  expect(() => objectBounds(text)).toThrow(expect.objectContaining({ code: "bad_answer" }));
});
