import { type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import type { TableSettings } from "../../simulators/keybalance/tables.ts";
import type { Log } from "../../src/lib/log.ts";
import { bindPipelines } from "../../src/main/gateway.ts";
import type { Mapping } from "../../src/mappings/mapping.ts";
import { countDrift } from "../../src/pipelines/agreement.ts";
import { budgetOf } from "../../src/pipelines/spending.ts";
import { testApi } from "./api.ts";
import type { CheckedClient } from "./checked-client.ts";
import { type Engine, startEngine } from "./engine.ts";

type Row = Record<string, string>;

export interface Shop {
  readonly erp: Simulator;
  readonly crm: Simulator;
  readonly engine: Engine;
  /** The API with a key of scope admin; every answer is checked against the served document. */
  readonly api: CheckedClient;
  /** The same with a key of other scopes. */
  as(...scopes: string[]): Promise<CheckedClient>;
  /** The record that a remote object stands for, as the API shows it. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it takes the body for
  find(connection: "erp" | "crm", object: string, externalId: string): Promise<any>;
  /** The debitor, kreditor or Kundeemne row of a record in the simulator; undefined when it has none. */
  rowOf(id: string, object: "debitor" | "kreditor" | "kundeemne"): Promise<Row | undefined>;
  /** Polls, decides and delivers until nothing is due. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface ShopOptions {
  readonly debitorer?: readonly Row[];
  readonly kreditorer?: readonly Row[];
  readonly kundeemner?: readonly Row[];
  readonly kontaktpersoner?: readonly Row[];
  /** Further functions of the ledger, and the documents that its connection takes. */
  readonly tables?: Readonly<Record<string, TableSettings>>;
  /** Rows of those. */
  readonly rows?: Readonly<Record<string, readonly Row[]>>;
  readonly documents?: Readonly<Record<string, unknown>>;
  /** Documents of the ledger that are handed over. */
  readonly handOver?: Readonly<Record<string, unknown>>;
  readonly codeLists?: Readonly<Record<string, unknown>>;
  readonly dealings?: Readonly<Record<string, unknown>>;
  /** Settings of objects that differ from two-way. */
  readonly objects?: Readonly<Record<string, Record<string, unknown>>>;
  /** Further connections; their objects are the test's to open. */
  readonly connections?: Readonly<Record<string, unknown>>;
  /** Further parts of the configuration. */
  readonly config?: Record<string, unknown>;
  /** Mappings that replace shipped ones, by `connection.object`. */
  readonly mappings?: Record<string, Mapping>;
  /** Of the pipelines; silent unless given. */
  readonly log?: Log;
  /** Leave all objects armed. */
  readonly armed?: boolean;
}

const functionOf = { debitor: "Debitorer", kreditor: "Kreditorer", kundeemne: "KundeEmner" } as const;

/** A shop with a ledger and a CRM, both KeyBalance simulators over real HTTP, and the gateway between them. */
export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const erp = await startKeyBalance({
    ...(options.tables === undefined ? {} : { tables: options.tables }),
    rows: {
      ...{ Debitorer: [...(options.debitorer ?? [])], Kreditorer: [...(options.kreditorer ?? [])] },
      ...options.rows,
    },
  });
  const crm = await startKeyBalance({
    rows: { KundeEmner: [...(options.kundeemner ?? [])], Kontaktpersoner: [...(options.kontaktpersoner ?? [])] },
  });
  const two = { direction: "both", firstMeeting: "remote" };
  const config = {
    connections: {
      crm: {
        connector: "keybalance",
        settings: { baseUrl: crm.baseUrl, token: crm.token },
        side: "crm",
        objects: {
          kundeemne: { direction: "both", firstMeeting: "crm", create: "both", ...options.objects?.kundeemne },
          kontaktperson: { direction: "both", firstMeeting: "crm", create: "both", ...options.objects?.kontaktperson },
        },
      },
      erp: {
        connector: "keybalance",
        settings: {
          ...{ baseUrl: erp.baseUrl, token: erp.token },
          ...(options.documents === undefined ? {} : { documents: options.documents }),
          ...(options.codeLists === undefined ? {} : { codeLists: options.codeLists }),
          ...(options.dealings === undefined ? {} : { dealings: options.dealings }),
        },
        ...(options.handOver === undefined ? {} : { handOver: options.handOver }),
        objects: {
          debitor: { ...two, create: "in", ...options.objects?.debitor },
          kreditor: { ...two, create: "in", ...options.objects?.kreditor },
        },
      },
    },
    ...options.config,
  };
  Object.assign(config.connections, options.connections);
  const engine = await startEngine(config, {
    ...(options.mappings === undefined ? {} : { mappings: options.mappings }),
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  const { deps } = engine;
  const { as } = testApi(deps.db, {
    countDrift: () => countDrift(deps),
    vocabularies: deps.config.vocabularies,
    seal: deps.seal,
    gateway: bindPipelines(deps),
    connections: Object.values(deps.config.connections).map(({ name, connector, objects }) => ({
      name,
      connector,
      mode: "call",
      isAudience: deps.connectorOf(name).audience !== undefined,
      ...(deps.connectorOf(name).directory === undefined ? {} : { budget: budgetOf(deps, name) }),
      objects: Object.entries(objects).map(([object, wish]) => ({
        object,
        side: wish.side,
        direction: wish.direction,
        create: wish.create,
        firstMeeting: wish.firstMeeting,
      })),
    })),
  });
  const api = await as("admin");
  if (!options.armed) {
    for (const [connection, object] of [
      ["crm", "kundeemne"],
      ["crm", "kontaktperson"],
      ["erp", "debitor"],
      ["erp", "kreditor"],
    ] as const) {
      if (engine.deps.connection(connection).objects[object]?.direction !== "off")
        await engine.open(connection, object);
    }
    await engine.settle();
  }
  const links = async (query: string) =>
    (await api("GET", `/v1/links?${query}`)).body.items as {
      entityId: string;
      externalId: string;
      object: string;
      connection: string;
      state: string;
    }[];
  return {
    erp,
    crm,
    engine,
    api,
    as,
    async find(connection, object, externalId) {
      const [link] = await links(`connection=${connection}&object=${object}&externalId=${externalId}`);
      if (link === undefined) return undefined;
      return (await api("GET", `/v1/kundeemner/${link.entityId}`)).body;
    },
    async rowOf(id, object) {
      const { items } = (await api("GET", `/v1/kundeemner/${id}/links`)).body;
      const link = items.find(
        (each: { object: string; state: string }) => each.object === object && each.state === "linked",
      );
      const simulator = object === "kundeemne" ? crm : erp;
      return link === undefined
        ? undefined
        : (simulator.control.row(functionOf[object], link.externalId) as Row | undefined);
    },
    settle: () => engine.settle(),
    async close() {
      await engine.close();
      await Promise.all([erp.close(), crm.close()]);
    },
  };
}
