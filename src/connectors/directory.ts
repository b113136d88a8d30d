import { z } from "zod";
import { ConnectionError } from "../lib/errors.ts";
import { type HttpClient, type HttpOptions, httpClient } from "../lib/http.ts";
import type { Values } from "../model/catalogue.ts";
import type { CallTimes, Client, ConnectDeps, ObjectCapabilities } from "./connector.ts";

/** What is looked for in a directory: what a person typed, else what is known of a record (flat keys of ours). */
export interface LookupQuery {
  readonly text?: string;
  readonly known?: Values;
  readonly limit: number;
}

/** An answer that is nobody's value yet. */
export interface Hit {
  readonly externalId: string;
  /** What a person chooses by: a name, or an address. */
  readonly title: string;
  readonly detail: string | null;
  /** 0 to 1; from `SURE` on it is what was asked for, by a number or by all that was asked. */
  readonly score: number;
}

export interface Hits {
  readonly hits: readonly Hit[];
  readonly times: CallTimes;
}

/** Objects that a directory has loaded anew; what they say is read by id. */
export interface LoadedPage {
  readonly loaded: readonly { readonly externalId: string; readonly at: Date }[];
  /** Everything that was loaded before then, and shows, was on this page or one before. */
  readonly until: Date;
}

/** A hit of this score is the one that was meant, if it is the only one. */
export const SURE = 0.95;

/** What a source allows for its content (design, section 5). */
export interface Terms {
  /** What must be shown beside its values; null: nothing. */
  readonly attribution: string | null;
  /** Its values may go on to other systems. */
  readonly passOn: boolean;
  /** How long content may be stored, in ms; null: without limit. Ids stay. */
  readonly storeMs: number | null;
  /** A look-up may cost money: what for is logged with who asked, and nothing is refreshed that no budget was set for. */
  readonly charged?: { readonly purpose: string };
}

export const readOnly: ObjectCapabilities = { read: true, list: false, create: false, update: false, remove: false };

/** The kind of a call by its template (`search`, `details`): what is counted, and has a price. */
export type CallKinds = Readonly<Record<string, string>>;

/** The HTTP client of a directory: each call is counted by its kind before it is sent. */
export const countedHttp = (
  { charge, clock }: Pick<ConnectDeps, "charge" | "clock">,
  kinds: CallKinds,
  options: Omit<HttpOptions, "before" | "clock">,
): HttpClient =>
  httpClient({
    ...options,
    clock,
    before: async (template) => {
      const kind = kinds[template];
      if (kind === undefined) throw new Error(`The connector does not say of which kind the call ${template} is`);
      await charge?.(kind);
    },
  });

type DirectoryParts = Pick<Client, "discover" | "get" | "changed" | "close"> & Required<Pick<Client, "search">>;

/** A client of a directory: searched and read by id; whatever would list or write is refused. */
export function directoryClient(parts: DirectoryParts): Client {
  const refuse = (): never => {
    throw new ConnectionError("capability_missing", "A directory is searched and read by id, nothing else");
  };
  return {
    ...parts,
    list: refuse,
    create: async () => refuse(),
    update: async () => refuse(),
    remove: async () => refuse(),
  };
}

/**
 * Connectors whose contract nobody has confirmed stay off until the operator says that it is known: a wrong guess may cost
 * money, or take a wrong answer for a right one.
 */
export const acceptUnverifiedContract = z
  .literal(true, {
    error: "The contract of this service is reconstructed, not the vendor's own; see the connector's README",
  })
  .describe("true: it is known that the contract is reconstructed, and the connector is to be used all the same.");
