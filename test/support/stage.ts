import { type KeyBalanceOptions, type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import type { Row } from "../../simulators/keybalance/tables.ts";
import type { ConfigFile } from "../../src/config/schema.ts";
import type { Mapping } from "../../src/mappings/mapping.ts";
import type { Values } from "../../src/model/catalogue.ts";
import { editEntity } from "../../src/pipelines/edit.ts";
import { setNow } from "../../src/store/clock.ts";
import { copyDatabase } from "./database.ts";
import { type Engine, person, startEngine } from "./engine.ts";

type ObjectWish = Record<string, unknown>;

export interface StageOptions {
  /** What stands in the ledger at the start, by function. */
  readonly rows?: Readonly<Record<string, readonly Row[]>>;
  readonly simulator?: Omit<KeyBalanceOptions, "rows">;
  /** Objects of the ledger's connection `erp`; `debitor` both ways, created in, when left out. */
  readonly objects?: Readonly<Record<string, ObjectWish>>;
  /** A second KeyBalance, connection `crm` of side crm, with its KundeEmner. */
  readonly crm?: { readonly rows?: readonly Row[]; readonly wish?: ObjectWish; readonly contacts?: ObjectWish };
  /** Connections of connector `api`, by name: systems that push. */
  readonly api?: Readonly<Record<string, Readonly<Record<string, ObjectWish>>>>;
  readonly erp?: Record<string, unknown>;
  readonly config?: Omit<Partial<ConfigFile>, "connections"> | Record<string, unknown>;
  readonly mappings?: Record<string, Mapping>;
  /** `connection object` pairs that are released at the start; all of them when left out. */
  readonly open?: readonly string[];
}

type Columns = Record<string, unknown>;

/** A ledger (and what else the story needs) in front of the real pipelines, with short questions about both sides. */
export interface Stage {
  readonly erp: Simulator;
  readonly crm: Simulator | undefined;
  readonly engine: Engine;
  readonly options: StageOptions;
  ask(query: string, values?: readonly (string | number | null)[]): Promise<Columns[]>;
  /** The record that an object of the ledger stands for. */
  record(externalId: string, object?: string): Promise<Columns>;
  link(externalId: string, object?: string): Promise<Columns>;
  /** Edits a record as a person of ours does, by the object that it is linked to. */
  edit(externalId: string, patch: Values): Promise<void>;
  /** Reviews still open, in order. */
  reviews(kind?: string): Promise<Columns[]>;
  /** Bodies of the writes that changed an object of the ledger. */
  bodies(externalId: string, table?: string): unknown[];
  /** Sets the clock of the database this far ahead of now; it stands still from then on. */
  ahead(ms: number): Promise<void>;
}

const ledgerWish = { direction: "both", firstMeeting: "remote", create: "in" };

/** Starts simulators and engine, and releases what is to be open. `keep` is called with what must be closed. */
export async function startStage(options: StageOptions, keep: (close: () => Promise<void>) => void): Promise<Stage> {
  const { database, drop } = await copyDatabase();
  keep(drop);
  const erp = await startKeyBalance({
    ...options.simulator,
    ...(options.rows === undefined ? {} : { rows: options.rows }),
  });
  keep(() => erp.close());
  const crm =
    options.crm === undefined
      ? undefined
      : await startKeyBalance({ rows: { KundeEmner: [...(options.crm.rows ?? [])] } });
  if (crm !== undefined) keep(() => crm.close());
  const objects = options.objects ?? { debitor: ledgerWish };
  const connections: Record<string, Record<string, unknown>> = {
    erp: { connector: "keybalance", settings: { baseUrl: erp.baseUrl, token: erp.token }, objects, ...options.erp },
  };
  if (crm !== undefined)
    connections.crm = {
      connector: "keybalance",
      settings: { baseUrl: crm.baseUrl, token: crm.token },
      side: "crm",
      objects: {
        kundeemne: { direction: "both", firstMeeting: "crm", create: "both", ...options.crm?.wish },
        ...(options.crm?.contacts === undefined ? {} : { kontaktperson: options.crm.contacts }),
      },
    };
  for (const [name, wish] of Object.entries(options.api ?? {})) connections[name] = { connector: "api", objects: wish };
  const engine = await startEngine(
    { ...options.config, connections },
    {
      ...(options.mappings === undefined ? {} : { mappings: options.mappings }),
      database,
    },
  );
  keep(() => engine.close());
  const pairs =
    options.open ??
    Object.entries(connections).flatMap(([name, { objects: wished }]) =>
      Object.keys(wished as object).map((object) => `${name} ${object}`),
    );
  for (const pair of pairs) {
    const [name = "", object = ""] = pair.split(" ");
    await engine.open(name, object);
  }
  const sql = engine.deps.db.sql;
  const ask: Stage["ask"] = async (query, values = []) => [...(await sql.unsafe(query, [...values]))];
  const link: Stage["link"] = async (externalId, object = "debitor") => {
    const [found] = await ask("select * from links where object = $1 and external_id = $2", [object, externalId]);
    if (found === undefined) throw new Error(`No link of ${object} ${externalId}`);
    return found;
  };
  const record: Stage["record"] = async (externalId, object) => {
    const { entity_id } = await link(externalId, object);
    const [found] = await ask("select * from kundeemner where id = $1", [String(entity_id)]);
    if (found === undefined) throw new Error(`${externalId} stands for nobody`);
    return found;
  };
  return {
    erp,
    crm,
    engine,
    options,
    ask,
    link,
    record,
    async edit(externalId, patch) {
      const { id } = await record(externalId);
      await editEntity(engine.deps, { entity: "kundeemne", id: String(id), patch, by: person });
    },
    reviews: (kind) =>
      kind === undefined
        ? ask("select * from reviews where state = 'open' order by id")
        : ask("select * from reviews where state = 'open' and kind = $1 order by id", [kind]),
    bodies: (externalId, table = "Debitorer") => erp.log.writes(table, externalId).map((entry) => entry.body),
    ahead: (ms) => setNow(sql, new Date(Date.now() + ms)),
  };
}

/** What was started for one test; `end` closes it in reverse. */
export function keeper(): { keep: (close: () => Promise<void>) => void; end: () => Promise<void> } {
  const closes: (() => Promise<void>)[] = [];
  return {
    keep: (close) => closes.unshift(close),
    end: async () => {
      for (const close of closes.splice(0)) await close();
    },
  };
}

/** A company as KeyBalance spells it. */
export const company = (Kontonr: string, more: Row = {}): Row => ({
  Kontonr,
  Navn: "Ærø Bådværft K/S",
  Søgenavn: "ÆRØ",
  SE_Nr: "12345674",
  Adr1: "Havnen 1",
  PostNr: "5970",
  ByNavn: "Ærøskøbing",
  Telefon: "62521234",
  ...more,
});
