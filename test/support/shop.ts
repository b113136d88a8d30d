import { type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import type { TableSettings } from "../../simulators/keybalance/tables.ts";
import type { Mapping } from "../../src/mappings/mapping.ts";
import { countDrift } from "../../src/pipelines/agreement.ts";
import { archive, unarchive } from "../../src/pipelines/archive.ts";
import { createCampaign, endCampaign, selectCampaign } from "../../src/pipelines/audience/campaigns.ts";
import { openExport, putExport } from "../../src/pipelines/audience/exports.ts";
import { noteOptOuts, takeNotice } from "../../src/pipelines/audience/opt-outs.ts";
import { verifyAudit } from "../../src/pipelines/audit.ts";
import { backpressure } from "../../src/pipelines/backpressure.ts";
import { bundleOf } from "../../src/pipelines/bundle.ts";
import { readCodeLists, unknownCodes } from "../../src/pipelines/code-lists.ts";
import { askEligibility, noteConsent } from "../../src/pipelines/consents.ts";
import { convert, planConversion } from "../../src/pipelines/conversions/convert.ts";
import { watchConversions } from "../../src/pipelines/conversions/watch.ts";
import { changeDealing } from "../../src/pipelines/dealings.ts";
import { decideMany } from "../../src/pipelines/decide-many.ts";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { takeAddress, undoDomainContact } from "../../src/pipelines/domain-contacts.ts";
import { startDuplicateSearch } from "../../src/pipelines/duplicates.ts";
import { createEntity, deleteContact, editEntity } from "../../src/pipelines/edit.ts";
import { confirmReceipt, erase } from "../../src/pipelines/erasure.ts";
import { explain } from "../../src/pipelines/explain.ts";
import { closeGdprRequest, extendGdprRequest, openRequest } from "../../src/pipelines/gdpr-requests.ts";
import { takeLead } from "../../src/pipelines/leads.ts";
import { linkEntity, unlink } from "../../src/pipelines/linking.ts";
import { lookup, lookupRecord, takeHit } from "../../src/pipelines/lookups.ts";
import { mergeKundeemner } from "../../src/pipelines/merging/merge.ts";
import { unmergeKundeemner } from "../../src/pipelines/merging/unmerge.ts";
import { changePolicies } from "../../src/pipelines/policies.ts";
import { release } from "../../src/pipelines/preview.ts";
import { processingRegister } from "../../src/pipelines/processing-register.ts";
import { receive } from "../../src/pipelines/receive.ts";
import { restrict, unrestrict } from "../../src/pipelines/restriction.ts";
import { checkRobinson } from "../../src/pipelines/robinson.ts";
import { startRun } from "../../src/pipelines/runs.ts";
import { handMembers, refusedOf, runSegment, wishMember } from "../../src/pipelines/segments.ts";
import { pauseConnection, resumeConnection } from "../../src/pipelines/steering.ts";
import { startUndo } from "../../src/pipelines/undo.ts";
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
  const engine = await startEngine(config, options.mappings === undefined ? {} : { mappings: options.mappings });
  const { deps } = engine;
  const conversions = watchConversions(deps.db.sql);
  const { as } = testApi(deps.db, {
    countDrift: () => countDrift(deps),
    vocabularies: deps.config.vocabularies,
    seal: deps.seal,
    gateway: {
      createEntity: (act) => createEntity(deps, act),
      editEntity: (act) => editEntity(deps, act),
      deleteContact: (act) => deleteContact(deps, act),
      changeDealing: (act) => changeDealing(deps, act),
      takeAddress: (act) => takeAddress(deps, act),
      undoDomainContact: (act) => undoDomainContact(deps, act),
      merge: (act) => mergeKundeemner(deps, act),
      unmerge: (act) => unmergeKundeemner(deps, act),
      changePolicies: (act) => changePolicies(deps, act),
      linkEntity: (act) => linkEntity(deps, act),
      lookup: (wanted) => lookup(deps, wanted),
      lookupRecord: (act) => lookupRecord(deps, act),
      takeHit: (act) => takeHit(deps, act),
      unlink: (act) => unlink(deps, act),
      decideReview: (act) => decideReview(deps, act),
      decideMany: (act) => decideMany(deps, act),
      archive: (act) => archive(deps, act),
      takeLead: (act) => takeLead(deps, act),
      unarchive: (act) => unarchive(deps, act),
      restrict: (act) => restrict(deps, act),
      unrestrict: (act) => unrestrict(deps, act),
      processingRegister: () => processingRegister(deps),
      leadMonths: () => deps.config.gdpr.leadMonths,
      openRequest: (act) => openRequest(deps, act),
      extendGdprRequest: (act) => extendGdprRequest(deps, act),
      closeGdprRequest: (act) => closeGdprRequest(deps, act),
      bundleOf: (of) => bundleOf(deps, of),
      erase: (act) => erase(deps, act),
      confirmReceipt: (act) => confirmReceipt(deps, act),
      unseal: (sealed) => deps.seal.open(sealed),
      verifyAudit: (noted) => verifyAudit(deps, noted),
      noteConsent: (act) => noteConsent(deps, act),
      checkRobinson: (list, act) => checkRobinson(deps, list, act),
      openExport: (act) => openExport(deps, act),
      putExport: (act) => putExport(deps, act),
      createCampaign: (act) => createCampaign(deps, act),
      selectCampaign: (id, again) => selectCampaign(deps, id, again),
      endCampaign: (act) => endCampaign(deps, act),
      takeNotice: (connection, notice) => takeNotice(deps, connection, notice),
      noteOptOuts: (connection, said) => noteOptOuts(deps, connection, said),
      askEligibility: (question) => askEligibility(deps, question),
      runSegment: (id) => runSegment(deps, id),
      handMembers: (query) => handMembers(deps, query),
      refusedOf: (query) => refusedOf(deps, query),
      wishMember: (act) => wishMember(deps, act),
      receive: (from, envelopes) => receive(deps, from, envelopes),
      backpressure: (connection) => backpressure(deps, connection),
      startRun: (act) => startRun(deps, act),
      startUndo: (act) => startUndo(deps, act),
      startDuplicateSearch: (act) => startDuplicateSearch(deps, act),
      convert: (act) => convert(deps, conversions, act),
      readCodeLists: (connection) => readCodeLists(deps, connection),
      unknownCodes: (values) => unknownCodes(deps, values),
      planConversion: (act) => planConversion(deps, act),
      explain: (question) => explain(deps, question),
      release: (act) => release(deps, act),
      pauseConnection: (act) => pauseConnection(deps, act),
      resumeConnection: (act) => resumeConnection(deps, act),
    },
    connections: Object.values(deps.config.connections).map(({ name, connector, objects }) => ({
      name,
      connector,
      mode: "call",
      isAudience: deps.connectorOf(name).audience !== undefined,
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
