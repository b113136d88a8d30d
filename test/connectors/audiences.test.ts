import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { startBrevo } from "../../simulators/audiences/brevo.ts";
import { startGhost } from "../../simulators/audiences/ghost.ts";
import { startDataManager } from "../../simulators/audiences/google.ts";
import { startKlaviyo } from "../../simulators/audiences/klaviyo.ts";
import { startMailchimp } from "../../simulators/audiences/mailchimp.ts";
import { type AudienceReceiver, startReceiver } from "../../simulators/audiences/receiver.ts";
import type { AudienceClient } from "../../src/connectors/audience.ts";
import { hashedEmail } from "../../src/connectors/google-audience/hash.ts";
import { connectors } from "../../src/connectors/index.ts";
import { ConnectionError, KoblingError, RejectedError, RetryableError, UncertainError } from "../../src/lib/errors.ts";
import { batchOf, campaign, carried, connectAudience, failureOf } from "../support/audience-client.ts";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Stage {
  readonly settings: Record<string, unknown>;
  readonly wrongSettings: Record<string, unknown>;
  readonly secrets: readonly string[];
  /** Addresses that are in the campaign's audience at the tool, in order. */
  members(): readonly string[];
  strike(fault: Parameters<AudienceReceiver["strike"]>[0]): void;
}

/** Before which tool a connector is shown. One that takes audiences and has no stage fails. */
const stages: Readonly<Record<string, () => Promise<Stage>>> = {
  brevo: async () => {
    const tool = await startBrevo();
    open.push(tool.close);
    const { apiKey, baseUrl } = tool;
    return {
      ...{ settings: { apiKey, baseUrl }, wrongSettings: { apiKey: "xkeysib-forkert", baseUrl }, secrets: [apiKey] },
      ...{ members: () => tool.onList("Efterår 2026 (00000001)"), strike: tool.strike },
    };
  },
  "google-audience": async () => {
    const tool = await startDataManager();
    open.push(tool.close);
    const { account, email, privateKey, baseUrl, tokenUrl } = tool;
    const settings = {
      ...{ account, baseUrl, tokenUrl, userLists: { "Efterår 2026": "777" }, acceptCustomerMatchTerms: true },
      serviceAccount: { email, privateKey },
    };
    const hashes = new Map(
      ["ada", "bo", "carl", "dora"].map((name) => [hashedEmail(`${name}@firma.dk`), `${name}@firma.dk`]),
    );
    return {
      ...{ settings, wrongSettings: { ...settings, serviceAccount: { email: "en@anden.dk", privateKey } } },
      secrets: [privateKey],
      members: () =>
        tool
          .onList("777")
          .map((hash) => hashes.get(hash) ?? hash)
          .toSorted(),
      strike: tool.strike,
    };
  },
  ghost: async () => {
    const tool = await startGhost();
    open.push(tool.close);
    const { adminKey, baseUrl: url } = tool;
    const wrong = `${"0".repeat(24)}:${"1".repeat(64)}`;
    return {
      ...{ settings: { url, adminKey }, wrongSettings: { url, adminKey: wrong }, secrets: [adminKey.slice(25), wrong] },
      ...{ members: () => tool.labelled("Efterår 2026 (00000001)"), strike: tool.strike },
    };
  },
  klaviyo: async () => {
    const tool = await startKlaviyo();
    open.push(tool.close);
    const { apiKey, baseUrl } = tool;
    return {
      ...{ settings: { apiKey, baseUrl }, wrongSettings: { apiKey: "pk_forkert_noegle", baseUrl }, secrets: [apiKey] },
      ...{ members: () => tool.onList("Efterår 2026 (00000001)"), strike: tool.strike },
    };
  },
  mailchimp: async () => {
    const tool = await startMailchimp();
    open.push(tool.close);
    const { apiKey, list } = tool;
    const baseUrl = `${tool.baseUrl}/3.0`;
    return {
      settings: { apiKey, list, baseUrl },
      wrongSettings: { apiKey: "0123456789abcdef-us21", list, baseUrl },
      secrets: [apiKey],
      members: () => tool.tagged(`Efterår 2026 (00000001)`),
      strike: tool.strike,
    };
  },
  webhook: async () => {
    const receiver = await startReceiver();
    open.push(receiver.close);
    const { url, secret } = receiver;
    const wrong = `whsec_${randomBytes(32).toString("base64")}`;
    return {
      ...{ settings: { url, secret }, wrongSettings: { url, secret: wrong }, secrets: [secret, wrong] },
      ...{ members: () => receiver.members(campaign.id), strike: receiver.strike },
    };
  },
};

const batch = batchOf;
const failure = failureOf;

function connect(name: string, settings: Record<string, unknown>): AudienceClient {
  const client = connectAudience(name, settings);
  open.push(() => client.close());
  return client;
}

describe.each(connectors.filter(({ audience }) => audience !== undefined))("campaign tool $name", ({ name }) => {
  const stageOf = async (): Promise<Stage> => {
    const start = stages[name];
    if (start === undefined) throw new Error(`${name} has no stage`);
    return await start();
  };

  test("takes adds and removes as sets: sent twice they are the same as once", async () => {
    const stage = await stageOf();
    const client = connect(name, stage.settings);
    await client.discover();
    for (const id of ["b-1", "b-1", "b-2"]) await carried(client, batch(id, ["ada", "bo", "carl"]));
    expect(stage.members()).toEqual(["ada@firma.dk", "bo@firma.dk", "carl@firma.dk"]);
    for (const id of ["b-3", "b-3", "b-4"]) await carried(client, batch(id, ["dora"], ["bo", "nobody"]));
    expect(stage.members()).toEqual(["ada@firma.dk", "carl@firma.dk", "dora@firma.dk"]);
  });

  test("says what happens next: wrong credentials, too many requests, an answer that was lost", async () => {
    const stage = await stageOf();
    const stranger = connect(name, stage.wrongSettings);
    const refused = await failure(stranger.discover());
    expect(refused).toBeInstanceOf(ConnectionError);
    const client = connect(name, stage.settings);
    await client.discover();
    stage.strike({ kind: "status", status: 429, retryAfter: 7 });
    const later = await failure(carried(client, batch("b-1", ["ada"])));
    expect(later).toBeInstanceOf(RetryableError);
    expect(later).toMatchObject({ retryAfterMs: 7000 });
    stage.strike({ kind: "lost", on: "POST" });
    const unsure = await failure(carried(client, batch("b-1", ["ada"])));
    expect(unsure).toBeInstanceOf(UncertainError);
    await carried(client, batch("b-1", ["ada"]));
    expect(stage.members()).toEqual(["ada@firma.dk"]);
    for (const error of [refused, later, unsure]) {
      const told = error instanceof KoblingError ? JSON.stringify([error.message, error.context]) : "";
      for (const value of [...stage.secrets, "firma.dk"]) expect(told).not.toContain(value);
    }
  });
});

describe("webhook", () => {
  test("is signed with the old and the new secret while one is changed for the other", async () => {
    const receiver = await startReceiver();
    open.push(receiver.close);
    const next = `whsec_${randomBytes(32).toString("base64")}`;
    const both = connect("webhook", { url: receiver.url, secret: next, previousSecret: receiver.secret });
    await both.send(batch("b-1", ["ada"]));
    receiver.changeSecret(next);
    await both.send(batch("b-2", ["bo"]));
    const old = connect("webhook", { url: receiver.url, secret: receiver.secret });
    expect(await failure(old.send(batch("b-3", ["carl"])))).toBeInstanceOf(ConnectionError);
    expect(receiver.members(campaign.id)).toEqual(["ada@firma.dk", "bo@firma.dk"]);
  });

  test("speaks CloudEvents where it is asked to", async () => {
    const receiver = await startReceiver();
    open.push(receiver.close);
    const client = connect("webhook", { url: receiver.url, secret: receiver.secret, form: "cloudevents" });
    await client.send(batch("b-1", ["ada"], ["bo"]));
    expect(receiver.log.at(-1)?.headers["content-type"]).toBe("application/cloudevents+json");
    expect(JSON.parse(receiver.log.at(-1)?.body ?? "")).toEqual({
      ...{ specversion: "1.0", id: "b-1", source: "urn:kobling", type: "dk.kobling.audience.changed" },
      ...{ time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), datacontenttype: "application/json" },
      data: {
        campaign,
        adds: [{ id: "id-ada", address: "ADA@firma.dk", navn: "Person ada", firmanavn: "Firma ada ApS" }],
        removes: [{ id: "id-bo", address: "bo@firma.dk", reason: "criterion" }],
      },
    });
  });

  test("stops at 410, takes a receiver's word for whom it did not take, and any other answer for taken", async () => {
    const receiver = await startReceiver();
    open.push(receiver.close);
    const client = connect("webhook", { url: receiver.url, secret: receiver.secret });
    receiver.strike({ kind: "status", status: 410 });
    expect(await failure(client.send(batch("b-1", ["ada"])))).toMatchObject({ code: "gone" });
    receiver.strike({ kind: "status", status: 400 });
    expect(await failure(client.send(batch("b-1", ["ada"])))).toBeInstanceOf(RejectedError);
    receiver.strike({ kind: "empty" });
    expect(await client.send(batch("b-1", ["ada"]))).toEqual({ kind: "receipts", receipts: [] });
    receiver.refuse("ADA@firma.dk", "bad_address");
    receiver.optOut("bo@firma.dk");
    expect(await client.send(batch("b-2", ["ada", "bo", "carl"]))).toEqual({
      kind: "receipts",
      receipts: [
        { key: "ada@firma.dk", outcome: "refused", code: "bad_address" },
        { key: "bo@firma.dk", outcome: "opted_out" },
      ],
    });
  });
});
