import { inspect } from "node:util";
import { expect } from "vitest";
import type { ConnectorDefinition, Page, RemoteObject } from "../../src/connectors/connector.ts";
import { ConnectionError, KoblingError, RejectedError, RetryableError, UncertainError } from "../../src/lib/errors.ts";
import { OBJECT, type Stage } from "./connector-stage.ts";

/** A promise of every connector. `needs`: where it is not so, the promise is absent. */
export interface ConnectorPromise {
  readonly name: string;
  readonly needs: (definition: ConnectorDefinition) => boolean;
  readonly keep: (stage: Stage) => Promise<void>;
}

const ada = { Navn: "Ada ApS", Adr1: "Nørregade 1", PostNr: "8000", ByNavn: "Aarhus C", Telefon: "70 10 20 30" };
const isCalled = (definition: ConnectorDefinition) => definition.connect !== undefined;

const called = (name: string, keep: ConnectorPromise["keep"]): ConnectorPromise => ({ name, needs: isCalled, keep });

async function pagesOf({ client }: Stage): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of client.list(OBJECT, {})) pages.push(page);
  return pages;
}

async function objectOf({ client }: Stage, id: string): Promise<RemoteObject> {
  const answer = await client.get(OBJECT, id);
  if (!("object" in answer)) throw new Error("The object is not there");
  return answer.object;
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  return undefined;
}

const [created, edit] = [
  { image: null, body: { Navn: "Ny ApS" } },
  { image: null, body: { Telefon: "86 12 34 56" } },
];

function planted(stage: Stage): string {
  const [id = ""] = stage.plant([ada]);
  return id;
}

export const promises: readonly ConnectorPromise[] = [
  called("pages end: every page but the last says that there are more", async (stage) => {
    stage.plant(Array.from({ length: 1203 }, (_, at) => ({ Navn: `Firma ${at}` })));
    const cursors = (await pagesOf(stage)).map((page) => page.cursor !== undefined);
    expect(cursors.length).toBeGreaterThan(1);
    expect(cursors).toEqual([...cursors.slice(1).map(() => true), false]);
  }),
  called("a list holds every object once", async (stage) => {
    const ids = stage.plant(Array.from({ length: 1203 }, (_, at) => ({ Navn: `Firma ${at}` })));
    const listed = (await pagesOf(stage)).flatMap((page) => page.objects.map((object) => object.externalId));
    expect(listed.toSorted()).toEqual(ids.toSorted());
  }),
  called("an image is what the remote shows: absent stays absent, empty stays empty", async (stage) => {
    const id = planted(stage);
    expect((await objectOf(stage, id)).image).toEqual(stage.row(id));
    const [page] = await pagesOf(stage);
    expect(page?.objects.map((object) => object.image)).toEqual([stage.row(id)]);
  }),
  called("a created object reads back the same", async (stage) => {
    const values = {
      firmanavn: "Ærø Bådværft ApS",
      adresse1: "Havnen 7",
      postnr: "5985",
      cvrNr: "13748136",
      telefon: "70102030",
    };
    const { body, sent } = stage.mapping.writeRemote(values, ["firmanavn", "adresse", "registration", "telefon"], null);
    const { externalId } = await stage.client.create(OBJECT, { body, image: null });
    const { claims } = stage.mapping.readRemote((await objectOf(stage, externalId)).image);
    expect(claims).toMatchObject(sent);
  }),
  called("the answer to a write shows the object as it is stored then", async (stage) => {
    const { object } = await stage.client.create(OBJECT, created);
    if (object === undefined) return;
    expect(object.image).toEqual((await objectOf(stage, object.externalId)).image);
    const answer = await stage.client.update(OBJECT, object.externalId, edit);
    expect(answer.object?.image).toEqual((await objectOf(stage, object.externalId)).image);
  }),
  called("an update leaves the fields alone that it does not name", async (stage) => {
    const id = planted(stage);
    await stage.client.update(OBJECT, id, { body: { Telefon: "" }, image: null });
    await stage.client.update(OBJECT, id, edit);
    expect(stage.row(id)).toMatchObject({ ...ada, Telefon: "86 12 34 56" });
  }),
  called("a field sent empty is emptied", async (stage) => {
    const [id = ""] = stage.plant([{ ...ada, Att: "Bogholderiet" }]);
    const image = { Att: "Bogholderiet" };
    const { body } = stage.mapping.writeRemote({ attention: null }, ["attention"], image);
    await stage.client.update(OBJECT, id, { body, image });
    expect(stage.mapping.readRemote((await objectOf(stage, id)).image).claims.attention).toBeNull();
  }),
  called("an object that is not there is told as gone", async (stage) => {
    const id = planted(stage);
    stage.vanish(id);
    expect(await stage.client.get(OBJECT, id)).toMatchObject({ gone: true });
  }),
  called("an object that got another number is told with that number", async (stage) => {
    const id = planted(stage);
    stage.renumber(id, "0999");
    expect(await stage.client.get(OBJECT, id)).toMatchObject({ gone: true, replacedBy: "0999" });
  }),
  called("deleting deletes, and what is gone already is no fault", async (stage) => {
    const id = planted(stage);
    await stage.client.remove(OBJECT, id);
    expect(stage.row(id)).toBeUndefined();
    await stage.client.remove(OBJECT, id);
  }),
  called("a refused delete is told as in use", async (stage) => {
    const id = planted(stage);
    stage.strike({ kind: "inUse" });
    expect(await failureOf(stage.client.remove(OBJECT, id))).toMatchObject({ name: "RejectedError", code: "in_use" });
    expect(stage.row(id)).toBeDefined();
  }),
  called("429 becomes a retry with the remote's waiting time", async (stage) => {
    stage.strike({ kind: "status", status: 429, retryAfter: 7 });
    const failure = await failureOf(stage.client.create(OBJECT, created));
    expect(failure).toBeInstanceOf(RetryableError);
    expect(failure).toMatchObject({ retryAfterMs: 7000 });
  }),
  called("credentials that are not known are the owner's matter", async (stage) => {
    expect(await failureOf(stage.stranger.get(OBJECT, "1"))).toBeInstanceOf(ConnectionError);
    expect(await failureOf(stage.stranger.create(OBJECT, created))).toBeInstanceOf(ConnectionError);
  }),
  called("a failing remote: reading is tried again, a write is uncertain", async (stage) => {
    stage.strike({ kind: "status", status: 500 });
    expect(await failureOf(stage.client.get(OBJECT, "1"))).toBeInstanceOf(RetryableError);
    stage.strike({ kind: "status", status: 500 });
    expect(await failureOf(stage.client.create(OBJECT, created))).toBeInstanceOf(UncertainError);
  }),
  called("a connection that breaks after a write was sent leaves it uncertain", async (stage) => {
    stage.strike({ kind: "reset" });
    expect(await failureOf(stage.client.create(OBJECT, created))).toBeInstanceOf(UncertainError);
  }),
  called("a write that never left is tried again", async (stage) => {
    await stage.stop();
    expect(await failureOf(stage.client.create(OBJECT, created))).toBeInstanceOf(RetryableError);
  }),
  called("a torn answer is never a reading", async (stage) => {
    const id = planted(stage);
    stage.strike({ kind: "torn", bytes: 40 });
    expect(await failureOf(stage.client.get(OBJECT, id))).toBeInstanceOf(KoblingError);
    stage.strike({ kind: "torn", bytes: 40 });
    expect(await failureOf(pagesOf(stage))).toBeInstanceOf(KoblingError);
  }),
  called("a refused write is this record's matter, and the value stays out of the error", async (stage) => {
    const id = planted(stage);
    const failure = await failureOf(stage.client.update(OBJECT, id, { body: { EAN: "5790001234567" }, image: null }));
    expect(failure).toBeInstanceOf(RejectedError);
    expect(inspect(failure, { depth: 8 })).not.toContain("5790001234567");
  }),
  called("a function that is switched off is the owner's matter, and its objects are not gone", async (stage) => {
    const id = planted(stage);
    stage.switchOff(["get"]);
    expect(await failureOf(stage.client.update(OBJECT, id, edit))).toBeInstanceOf(ConnectionError);
    stage.switchOff([]);
    expect(await failureOf(stage.client.get(OBJECT, id))).toBeInstanceOf(ConnectionError);
    expect(await failureOf(pagesOf(stage))).toBeInstanceOf(ConnectionError);
  }),
  called("what an account can do is asked of the remote", async (stage) => {
    stage.switchOff(["get", "put"]);
    const { objects } = await stage.client.discover();
    expect(objects[OBJECT]).toEqual({ read: true, list: true, create: false, update: true, remove: false });
  }),
  called("every call tells when it began and when its answer was there", async (stage) => {
    const before = Date.now();
    const { externalId, times: wrote } = await stage.client.create(OBJECT, created);
    const { times: read } = await stage.client.get(OBJECT, externalId);
    for (const { beganAt, endedAt } of [wrote, read]) {
      expect(before <= beganAt.getTime() && beganAt <= endedAt && endedAt.getTime() <= Date.now()).toBe(true);
    }
  }),
  called("no secret stands in any error", async (stage) => {
    const failures = [
      await failureOf(stage.stranger.get(OBJECT, "1")),
      await failureOf(stage.client.update(OBJECT, "404", edit)),
    ];
    for (const status of [400, 429, 500]) {
      stage.strike({ kind: "status", status });
      failures.push(await failureOf(stage.client.create(OBJECT, created)));
    }
    stage.strike({ kind: "reset" });
    failures.push(await failureOf(stage.client.create(OBJECT, created)));
    await stage.stop();
    failures.push(await failureOf(stage.client.get(OBJECT, "1")));
    const texts = failures.map((failure) => inspect(failure, { depth: 12, showHidden: true }));
    expect(texts.every((text) => text.includes("Error"))).toBe(true);
    expect(texts.filter((text) => stage.secrets.some((secret) => text.includes(secret)))).toEqual([]);
  }),
];
