import type { AudienceNotice, OptOut } from "../connectors/audience.ts";
import type { EntityKind, Values } from "../model/catalogue.ts";
import type { ArchiveAct, Archived } from "../pipelines/archive.ts";
import type { CampaignAct, Selection } from "../pipelines/audience/campaigns.ts";
import type { ExportAct, OpenedExport } from "../pipelines/audience/exports.ts";
import type { NotedOptOuts } from "../pipelines/audience/opt-outs.ts";
import type { AuditVerdict } from "../pipelines/audit.ts";
import type { Bundle } from "../pipelines/bundle.ts";
import type { ReadList } from "../pipelines/code-lists.ts";
import type { ConsentAct, EligibilityQuestion } from "../pipelines/consents.ts";
import type { ConversionPlan, ConvertAct } from "../pipelines/conversions/convert.ts";
import type { Missing } from "../pipelines/conversions/requirements.ts";
import type { ConversionStanding } from "../pipelines/conversions/standing.ts";
import type { DealingAct } from "../pipelines/dealings.ts";
import type { ManyDecided, ManyDecisions } from "../pipelines/decide-many.ts";
import type { StoppedRange } from "../pipelines/decision.ts";
import type { Actor } from "../pipelines/deps.ts";
import type { AddressOutcome, SeenAddress } from "../pipelines/domain-contacts.ts";
import type { EraseAct } from "../pipelines/erasure.ts";
import type { ExplainedUnit } from "../pipelines/explain.ts";
import type { NewGdprRequest } from "../pipelines/gdpr-requests.ts";
import type { Wishes } from "../pipelines/import-file.ts";
import type { NewImport } from "../pipelines/imports.ts";
import type { LeadAct } from "../pipelines/leads.ts";
import type { LookedUp, Lookup, RecordLookup, Taken } from "../pipelines/lookups.ts";
import type { MergeAct, MergeOutcome } from "../pipelines/merging/merge.ts";
import type { UnmergeAct, UnmergeOutcome } from "../pipelines/merging/unmerge.ts";
import type { PolicyChange } from "../pipelines/policies.ts";
import type { ProcessingRegister } from "../pipelines/processing-register.ts";
import type { Receipt } from "../pipelines/receipts.ts";
import type { Envelope, Received } from "../pipelines/receive.ts";
import type { RestrictAct } from "../pipelines/restriction.ts";
import type { ListedPerson, RobinsonChecked } from "../pipelines/robinson.ts";
import type { HandedMember, SegmentRun } from "../pipelines/segments.ts";
import type { Eligibility, RefusalCode } from "../rules/eligibility.ts";
import type { Campaign } from "../store/campaigns.ts";
import type { StoredConsent } from "../store/consents.ts";
import type { DomainContact } from "../store/domain-contacts.ts";
import type { DuplicateSearch } from "../store/duplicate-searches.ts";
import type { Erasure } from "../store/erasures.ts";
import type { StoredExport } from "../store/exports.ts";
import type { GdprRequest } from "../store/gdpr-requests.ts";
import type { Import } from "../store/imports.ts";
import type { Lead } from "../store/leads.ts";
import type { Candidate } from "../store/segments.ts";
import type { UndoTarget } from "../store/undo.ts";
import type { Webhook } from "../store/webhooks.ts";

export interface ReceivedFrom {
  readonly connection: string;
  readonly object: string;
  readonly via: "push" | "hook" | "poll" | "read" | "snapshot";
  readonly runId?: number;
  readonly beganAt?: Date;
}

export interface Refused {
  readonly index: number;
  readonly code: string;
  readonly detail: string;
}

export type RunKind = "full" | "delta" | "reconcile" | "preview";

export interface OutboundDelivery {
  readonly delivery: number;
  readonly kind: "create" | "update" | "archive";
  readonly externalId?: string;
  readonly data: object;
}

/** What the pipelines do for the API; each throws the errors of src/lib/errors.ts. Bound to its deps by src/main.ts. */
export interface Gateway {
  /** One batch of at most 500; committed when it returns. */
  receive(from: ReceivedFrom, envelopes: Envelope[]): Promise<Received>;
  /** What forbids taking more for now, if anything. */
  backpressure(connection: string): Promise<{ retryAfterMs: number; code: "too_many_waiting" | "disk_full" } | null>;
  createEntity(act: { entity: EntityKind; values: Values; parentId?: string; by: Actor }): Promise<{
    id: string;
    version: number;
  }>;
  editEntity(act: { entity: EntityKind; id: string; patch: Values; ifVersion?: number; by: Actor }): Promise<{
    version: number;
    changed: readonly string[];
  }>;
  deleteContact(act: { id: string; ifVersion?: number; by: Actor }): Promise<unknown>;
  takeLead(act: LeadAct): Promise<{ lead: Lead; repeated: boolean }>;
  archive(act: ArchiveAct): Promise<Archived>;
  unarchive(act: ArchiveAct): Promise<void>;
  restrict(act: RestrictAct): Promise<void>;
  unrestrict(act: RestrictAct): Promise<void>;
  processingRegister(): ProcessingRegister;
  /** Of the configuration. */
  leadMonths(): number;
  openRequest(act: NewGdprRequest): Promise<GdprRequest>;
  extendGdprRequest(act: { readonly id: string; readonly why: string }): Promise<GdprRequest>;
  closeGdprRequest(act: {
    readonly id: string;
    readonly state: "done" | "refused";
    readonly outcome: string | null;
    readonly by: Actor;
  }): Promise<GdprRequest>;
  bundleOf(of: { readonly kundeemneId: string; readonly kontaktpersonId: string | null }): Promise<Bundle>;
  erase(act: EraseAct): Promise<Erasure>;
  confirmReceipt(act: { readonly id: string; readonly receipt: number; readonly by: Actor }): Promise<Erasure>;
  /** Opens what a receipt has sealed. */
  unseal(sealed: string): string;
  verifyAudit(noted?: { readonly number: number; readonly hash: string }): Promise<AuditVerdict>;
  noteConsent(act: ConsentAct): Promise<StoredConsent>;
  /** The list is read once, and nothing of it is kept. */
  checkRobinson(
    list: AsyncIterable<readonly ListedPerson[]>,
    act: { readonly day: string; readonly by: Actor },
  ): Promise<RobinsonChecked>;
  runSegment(id: string): Promise<SegmentRun>;
  handMembers(query: { id: string; after: string | null; limit: number }): Promise<{
    items: readonly HandedMember[];
    next: string | null;
  }>;
  refusedOf(query: { id: string; after: string | null; limit: number }): Promise<{
    items: readonly (Candidate & { reasons: readonly RefusalCode[] })[];
    next: string | null;
  }>;
  wishMember(act: { id: string; entityId: string; by: Actor }): Promise<{ reasons: readonly RefusalCode[] }>;
  openExport(act: ExportAct): Promise<OpenedExport>;
  putExport(act: ExportAct & { connection: string }): Promise<StoredExport>;
  createCampaign(act: CampaignAct): Promise<Campaign>;
  selectCampaign(id: string, again: boolean): Promise<Selection>;
  endCampaign(act: { id: string; by: Actor }): Promise<Campaign>;
  /** What was said at a campaign tool. */
  /** A tool's own notice; believed where it is signed. */
  takeNotice(connection: string, notice: AudienceNotice): Promise<void>;
  noteOptOuts(connection: string, said: readonly OptOut[]): Promise<NotedOptOuts>;
  askEligibility(question: EligibilityQuestion): Promise<Eligibility>;
  takeAddress(act: SeenAddress & { connection: string; by: Actor }): Promise<AddressOutcome>;
  undoDomainContact(act: { id: number; by: Actor }): Promise<DomainContact>;
  startDuplicateSearch(act: { all: boolean; by: Actor }): Promise<DuplicateSearch>;
  merge(act: MergeAct): Promise<MergeOutcome>;
  unmerge(act: UnmergeAct): Promise<UnmergeOutcome>;
  changeDealing(act: DealingAct): Promise<{ id: string; version: number }>;
  changePolicies(act: {
    entity: EntityKind;
    id: string;
    change: PolicyChange;
    ifVersion?: number;
    by: Actor;
  }): Promise<{ version: number }>;
  linkEntity(act: {
    entity: EntityKind;
    entityId: string;
    connection: string;
    object: string;
    externalId: string;
    by: Actor;
  }): Promise<{ linkId: string }>;
  /** Asks directories; nothing is written. */
  lookup(wanted: { text: string; sources?: readonly string[]; limit?: number }): Promise<Lookup>;
  lookupRecord(act: RecordLookup): Promise<LookedUp>;
  /** Makes a Kundeemne of a directory's hit. */
  takeHit(act: { connection: string; object?: string; externalId: string; by: Actor }): Promise<Taken>;
  convert(act: ConvertAct): Promise<{ missing: readonly Missing[] } | { standing: ConversionStanding }>;
  /** Reads a connection's lists of codes anew. */
  readCodeLists(connection: string): Promise<readonly ReadList[]>;
  /** Fields of these values whose code no ledger's list holds. */
  unknownCodes(values: Values): Promise<readonly string[]>;
  planConversion(act: ConvertAct): Promise<ConversionPlan>;
  unlink(act: { linkId: string; by: Actor; why?: string }): Promise<unknown>;
  decideReview(act: {
    id: number;
    decision: string;
    revision?: number;
    value?: Values;
    target?: string;
    range?: StoppedRange;
    why?: string;
    by: Actor;
  }): Promise<{ state: string }>;
  /** Each in a transaction of its own; what cannot be decided is told. */
  decideMany(act: ManyDecisions): Promise<ManyDecided>;
  pauseConnection(act: { name: string; by: Actor; why?: string }): Promise<unknown>;
  resumeConnection(act: { name: string; by: Actor; why?: string }): Promise<unknown>;
  pauseAll(act: { by: Actor; why?: string }): Promise<unknown>;
  startRun(act: { connection: string; object?: string; kind: RunKind; by: Actor }): Promise<{ id: number }>;
  /** Orders an undo: a run of kind `undo`. */
  startUndo(act: { target: UndoTarget; preview?: boolean; pin?: boolean; by: Actor }): Promise<{ id: number }>;
  release(act: {
    connection: string;
    object: string;
    preview: number;
    direction?: "in" | "out" | "both";
    by: Actor;
  }): Promise<{ releasedIn: boolean; releasedOut: boolean }>;
  testConnection(name: string): Promise<{
    ok: boolean;
    credentials: unknown;
    capabilities: unknown;
    unmapped: readonly unknown[];
    sample: object | null;
    faults: readonly unknown[];
  }>;
  retryQuarantined(act: { id: number; by: Actor }): Promise<unknown>;
  leaseOutbound(act: { connection: string; object: string; limit: number; waitMs: number }): Promise<{
    deliveries: readonly OutboundDelivery[];
  }>;
  receiptOutbound(
    /** Delivery ids are unique over objects: the object is named only where the caller knows it. */
    at: { connection: string; object?: string },
    receipts: readonly Receipt[],
  ): Promise<{ accepted: number; refused: readonly Refused[] }>;
  /** Keeps a file as it arrives, and looks at it. */
  openImport(act: NewImport): Promise<Import>;
  correctImport(id: string, wishes: Wishes): Promise<Import>;
  /** Orders a dry run. */
  tryImport(act: { id: string; by: Actor }): Promise<{ run: number }>;
  /** Carries a file out that was tried: a run of kind `import`. */
  applyImport(act: { id: string; again?: boolean; by: Actor }): Promise<{ run: number }>;
  openSnapshot(act: { connection: string; object: string; by: Actor }): Promise<{ snapshot: string }>;
  completeSnapshot(act: { connection: string; object: string; snapshot: string; count: number }): Promise<{
    state: string;
    missing: number;
  }>;
  /** `addEventWebhook` of src/pipelines/event-webhooks.ts. */
  addWebhook(url: string): Promise<{ webhook: Webhook; secret: string }>;
  /** Why each unit has the value it has; null when there is no such record. */
  explain(question: {
    entity: EntityKind;
    id: string;
    unit?: string;
  }): Promise<Readonly<Record<string, ExplainedUnit>> | null>;
}
