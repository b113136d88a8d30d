import type { ZodType } from "zod";
import type { DealingField } from "../mappings/dealing.ts";
import type { Mapping, RemoteImage } from "../mappings/mapping.ts";
import type { DocumentKind } from "../model/conversions.ts";
import type { DealingKind } from "../model/dealings.ts";
import type { AudienceDefinition } from "./audience.ts";
import type { CallKinds, Hits, LoadedPage, LookupQuery, Terms } from "./directory.ts";

/** How sure the contract is that the connector was built to. */
export type Confidence = "specification" | "documentation" | "reconstructed" | "unknown" | "own";

export type Side = "crm" | "ledger" | "directory" | "audience";

/** One object as a remote showed it. */
export interface RemoteObject {
  readonly externalId: string;
  readonly image: RemoteImage;
  /** The remote's own version or ETag, where it has one. */
  readonly version?: string;
  /** When the remote says that the object last changed (ISO 8601). */
  readonly changedAt?: string;
}

/** The object is not there; `replacedBy` where the remote says what became of it (renumbered, merged: rule R9). */
export interface Gone {
  readonly gone: true;
  readonly replacedBy?: string;
}

/** What the call itself told, for rule R3: the remote's `Date` header and when we began and ended. */
export interface CallTimes {
  readonly beganAt: Date;
  readonly endedAt: Date;
  readonly remoteDate?: Date;
}

export interface Page {
  readonly objects: readonly RemoteObject[];
  /** Undefined on the last page. */
  readonly cursor?: string;
  readonly times: CallTimes;
  /** The page held each object whole (all its fields); false makes absent fields say nothing. */
  readonly whole: boolean;
}

export interface Write {
  /** Remote fields, owed ones only. */
  readonly body: { readonly [remote: string]: unknown };
  /** What the remote last showed, for whole-object remotes. */
  readonly image: RemoteImage | null;
  /** ETag or version of the last reading, where the remote has a lock. */
  readonly precondition?: string;
  /** Same over all tries of one create, where the remote takes such a key. */
  readonly idempotencyKey?: string;
}

/** The remote's answer to a write. `object` undefined: it answered without the object, so it must be read. */
export interface WriteAnswer {
  readonly externalId: string;
  readonly object?: RemoteObject;
  readonly times: CallTimes;
}

export interface ObjectCapabilities {
  readonly read: boolean;
  readonly list: boolean;
  readonly create: boolean;
  readonly update: boolean;
  readonly remove: boolean;
}

/** What an account can do now, as asked of it. By our object name. */
export interface Capabilities {
  readonly objects: Readonly<Record<string, ObjectCapabilities>>;
  /** Functions the remote offers that no mapping speaks of. */
  readonly unmapped: readonly string[];
}

/**
 * Calls to a vendor, nothing else: retries, limits, logging and storing happen around it. Every method throws the
 * errors of src/lib/errors.ts. `object` is our name; the mapping says the remote's.
 */
export interface Client {
  discover(): Promise<Capabilities>;
  /** All objects of a kind, page by page, as a stream. `since` only where the connector declares `delta`. */
  list(object: string, options: { readonly cursor?: string; readonly since?: string }): AsyncIterable<Page>;
  get(
    object: string,
    externalId: string,
  ): Promise<{ object: RemoteObject; times: CallTimes } | (Gone & { times: CallTimes })>;
  /** What an object of a directory may be that a person looks for. */
  search?(object: string, query: LookupQuery): Promise<Hits>;
  /** What a directory that keeps a feed has loaded since then, oldest first, page by page. */
  changed?(object: string, since: Date): AsyncIterable<LoadedPage>;
  create(object: string, write: Write): Promise<WriteAnswer>;
  update(object: string, externalId: string, write: Write): Promise<WriteAnswer>;
  remove(object: string, externalId: string): Promise<{ times: CallTimes }>;
  /** All codes of a list, as a stream. */
  listCodes?(type: CodeListType): AsyncIterable<{ readonly code: string; readonly text: string | null }>;
  /** Makes a document; the number that it got. */
  createDocument?(type: DocumentType, body: Write["body"]): Promise<{ externalId: string }>;
  /** All documents of a kind, as a stream: number and mark. */
  listDocuments?(type: DocumentType): AsyncIterable<{ readonly externalId: string; readonly marker: unknown }>;
  /** All dealings of a kind, page by page, as a stream; the last page says that nothing is missing. */
  listDealings?(type: DealingType): AsyncIterable<Page>;
  close(): Promise<void>;
}

/** Keeps a renewed token where all processes find it, sealed; renews it under a lock, once (made by the pipelines). */
export interface TokenStore {
  /** The token in force, or a new one by `renew` when there is none or `refused` names the one in force. */
  token(renew: () => Promise<{ token: string; expiresAt: Date | null }>, refused?: string): Promise<string>;
}

export interface ConnectDeps {
  readonly clock: { now(): Date };
  readonly tokens: TokenStore;
  /** Tell a secret that must be masked wherever text leaves the process. */
  readonly secret: (value: string) => void;
  /** Told before each call to a directory, by its kind; RetryableError `budget_used_up` where the day's budget is spent. */
  readonly charge?: (kind: string) => Promise<void>;
  /** The mappings in force, by object: a client needs remote names and keys from them. */
  readonly mappings: Readonly<Record<string, Mapping>>;
}

/** A kind of document that a ledger takes for an account (S84–S87). Names are the remote's. */
export interface DocumentType {
  /** The function that takes it. */
  readonly remote: string;
  /** Field of its answer that holds the document's number. */
  readonly key: string;
  /** Field that names the account. */
  readonly account: string;
  /** Field that carries our mark and is shown again: by it a document that got no answer is found (rule R19). */
  readonly marker: string;
  /** Minimum fields besides these. */
  readonly required: readonly string[];
  /** What a field takes of the record (our flat key) where the caller gives none. */
  readonly from?: Readonly<Record<string, string>>;
}

/** A list of codes that an account keeps, for a field of ours at one of its objects. Names are the remote's. */
export interface CodeListType {
  /** Our name of the object whose codes they are: debitor and kreditor have lists of their own. */
  readonly object: string;
  /** Our flat key: `standardMoms`. */
  readonly field: string;
  readonly remote: string;
  readonly key: string;
  readonly text: string | undefined;
}

/**
 * Aktiviteter, opgaver, tilbud or noter that a remote keeps: read only, since what is agreed there is the remote's. Names
 * are the remote's.
 */
export interface DealingType {
  readonly kind: DealingKind;
  readonly remote: string;
  readonly key: string;
  /** Field that names whom it hangs on, by the number of `object`, our name of an object that is linked. */
  readonly account: string;
  readonly object: string;
  /** By field of ours. */
  readonly fields: Readonly<Record<string, DealingField>>;
}

/** A file that waits to be read. It is whole: a file shows under its name when it is. */
export interface WaitingFile {
  readonly name: string;
  /** Our name of the object that its rows are. */
  readonly object: string;
  /** When its content was true, in ms, by its name; rises from file to file (the counter of rule R21). */
  readonly order: number;
}

/** What is wrong with a row of a file; `line` from 1, the heading included, and 0 for the file as a whole. Never the value. */
export interface FileFault {
  readonly line: number;
  readonly column?: string;
  readonly detail: string;
}

export interface FileRow {
  readonly line: number;
  readonly externalId: string;
  /** The record of ours that the row says it stands for. */
  readonly ourKey: string | undefined;
  readonly deleted: boolean;
  readonly image: RemoteImage;
}

/** What the other side says of a file of ours. */
export interface FileAnswer {
  readonly name: string;
  /** When it was written, in ms; compares with `WaitingFile.order`. */
  readonly order: number;
  readonly faults: readonly FileFault[];
  /** Numbers that rows which had none were given, by line. */
  readonly numbers: ReadonlyMap<number, string>;
}

/** A row of a file of ours. */
export interface OutRow {
  readonly ourKey: string;
  /** Null: the object is to be made. */
  readonly externalId: string | null;
  readonly body: { readonly [remote: string]: unknown };
  /** What the remote last showed, for files that cannot leave a column out. */
  readonly image: RemoteImage | null;
}

/**
 * A place where files are exchanged with a remote that nobody calls. Every method throws the errors of src/lib/errors.ts,
 * and each that changes something may be repeated.
 */
export interface Exchange {
  /** What waits: files in the order of what they say, answers to files of ours, and tables whose names say nothing. */
  look(): Promise<{
    readonly files: readonly WaitingFile[];
    readonly answers: readonly FileAnswer[];
    readonly strangers: readonly string[];
  }>;
  /** The rows of a file, some hundred at a time, as a stream; what cannot be read is a fault. */
  read(file: WaitingFile): AsyncIterable<{ readonly rows: readonly FileRow[]; readonly faults: readonly FileFault[] }>;
  /** Says what became of a file, and takes it away. */
  acknowledge(name: string, faults: readonly FileFault[]): Promise<void>;
  /** The name of a file of ours; `number` tells those of one second apart. */
  nameOf(object: string, at: Date, number: number): string;
  /** The line, in a file of these rows, of the row at this place. */
  lineOf(place: number): number;
  /** Why a row cannot be written as it is; undefined: it can. */
  faultOf(object: string, row: OutRow): string | undefined;
  /** Which columns a file must have for a row; rows that differ in them go into files of their own. */
  columnsOf(object: string, row: OutRow): readonly string[];
  /** Writes a file whole, under its name. All rows have the same columns. */
  put(name: string, object: string, rows: readonly OutRow[]): Promise<void>;
  /** Takes a file of ours and its answer away. */
  clear(name: string): Promise<void>;
  close(): Promise<void>;
}

/** A place for files of ours. Every method throws the errors of src/lib/errors.ts. */
export interface FileDrop {
  /** Is it there? */
  look(): Promise<void>;
  /** Writes a file under its name when it is whole; one of that name is replaced. */
  put(name: string, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  close(): Promise<void>;
}

/** What a connector is. What it cannot do is absent. */
export interface ConnectorDefinition<Settings = unknown> {
  readonly name: string;
  readonly confidence: Confidence;
  readonly settings: ZodType<Settings>;
  readonly limits?: { readonly requests: number; readonly per: string };
  /** Optimistic lock of the remote: with one, a write carries a precondition (rule R20). */
  readonly lock: "none" | "version" | "etag";
  /** A create with the same key is done once by the remote. */
  readonly idempotencyKey: boolean;
  /** A request may still be carried out by the remote this long after we gave up on it (rule R18); default of quietMs. */
  readonly quietMs: number;
  /** A new row may be missing from reads this long (rule R19). */
  readonly showsAfterMs: number;
  /** `call`: we call it. `queue`: it pushes and pulls, or leaves files in an `exchange`; it has no `connect`. */
  readonly mode: "call" | "queue";
  /** It can list what changed since a cursor. */
  readonly delta: boolean;
  /** A directory: it is searched and read by id, never listed or written; only what is linked is read again. */
  readonly directory?: {
    terms(settings: Settings): Terms;
    /** Kinds of calls, each with a price of its own, by the template of the request. */
    readonly calls: CallKinds;
  };
  /** A campaign tool: it takes audiences, and has no objects and no `connect`. */
  readonly audience?: AudienceDefinition<Settings>;
  /** A place where files of ours are put, and nothing is read; it has no objects. */
  drop?(settings: Settings, deps: ConnectDeps): FileDrop;
  /** It states when an object last changed, or whoever pushes may (rule R3); `kobling check` warns of `most_recent` without. */
  readonly statesTimes?: boolean;
  /** What comes through it a person has carried in: it stands beside the one connection of side crm (rule R1). */
  readonly byHand?: boolean;
  readonly mappings: Readonly<Record<string, Mapping>>;
  /** Documents that an account takes, by kind; its client then has `createDocument` and `listDocuments`. */
  documents?(settings: Settings): Readonly<Partial<Record<DocumentKind, DocumentType>>>;
  /** Lists of codes that an account shows; its client then has `listCodes`. */
  codeLists?(settings: Settings): readonly CodeListType[];
  /** Dealings that an account shows; its client then has `listDealings`. */
  dealings?(settings: Settings): readonly DealingType[];
  readonly connect?: (settings: Settings, deps: ConnectDeps) => Client;
  /** Where files are exchanged, in mode `queue`. */
  readonly exchange?: (settings: Settings, deps: ConnectDeps) => Exchange;
}

/** Keeps a connector's settings typed inside its folder; outside it is `unknown` until the schema has read it. */
export const defineConnector = <Settings>(definition: ConnectorDefinition<Settings>): ConnectorDefinition =>
  definition as ConnectorDefinition; // `connect` only ever gets what the definition's own schema has read
