import type { Channel, ConsentFact } from "../rules/consent-facts.ts";
import type { ConnectDeps } from "./connector.ts";

/** What a campaign is, as far as a tool needs to know. */
export interface AudienceCampaign {
  readonly id: string;
  readonly name: string;
  readonly purpose: "markedsfoering" | "service";
  readonly channel: Channel;
}

/** Somebody who comes into an audience. No more of a person than the tool needs to write to them. */
export interface AudienceAdd {
  /** Our id of the record or contact: by it, or by the address, a receiver takes the same member once. */
  readonly id: string;
  /** In the form in which addresses are compared; receipts name it. */
  readonly key: string;
  /** As it is written at the record or contact. */
  readonly address: string;
  readonly navn: string | null;
  readonly firmanavn: string | null;
}

/** Somebody who goes out of it. */
export interface AudienceRemove {
  readonly id: string;
  readonly key: string;
  /** `criterion`, `manual`, `period_over`, `ended`, or the code that refuses (src/rules/eligibility.ts). */
  readonly reason: string;
}

/** Adds and removes of one campaign; carrying it out twice is the same as once. */
export interface AudienceBatch {
  /** The same at every try of the same content. */
  readonly id: string;
  readonly campaign: AudienceCampaign;
  readonly adds: readonly AudienceAdd[];
  readonly removes: readonly AudienceRemove[];
}

/** What became of one member. */
export interface AudienceReceipt {
  readonly key: string;
  /** `opted_out`: the person has said no at the tool, and the tool holds on to it. */
  readonly outcome: "done" | "refused" | "opted_out";
  /** The tool's own word for it, never a value. */
  readonly code?: string;
  /** Of `opted_out`: what was said, `withdrawn` unless told, and when (ISO 8601), now unless told. */
  readonly kind?: OptOut["kind"];
  readonly at?: string;
}

/** Receipts, or the number under which the tool carries the batch out later. */
export type AudienceAnswer =
  | { readonly kind: "receipts"; readonly receipts: readonly AudienceReceipt[] }
  | { readonly kind: "ticket"; readonly ticket: string };

/** Something that ended a permission at a tool: an unsubscribe, a hard bounce, a complaint. */
export interface OptOut {
  readonly address: string;
  readonly channel: Channel;
  readonly kind: Extract<ConsentFact["kind"], "withdrawn" | "unreachable" | "complained">;
  /** When it happened there (ISO 8601). */
  readonly at: string;
  /** The tool shows that it stands so, not when it was said: where it is known already, it is nothing new. */
  readonly isStanding?: boolean;
}

export interface OptOutPage {
  readonly optOuts: readonly OptOut[];
  /** From where the next reading goes on; null: from the beginning. */
  readonly cursor: string | null;
}

/**
 * Calls to a campaign tool, nothing else: retries, limits, logging and storing happen around it. Every method throws the
 * errors of src/lib/errors.ts.
 */
export interface AudienceClient {
  /** Asks whether the account is there and lets us in; writes nothing. */
  discover(): Promise<void>;
  /** A member without a receipt counts as done. */
  send(batch: AudienceBatch): Promise<AudienceAnswer>;
  /**
   * What became of a batch with a ticket, or the ticket of what follows; undefined: not done yet. RejectedError `gone`: the tool no
   * longer knows, so it is sent again.
   */
  check?(ticket: string, batch: AudienceBatch): Promise<AudienceAnswer | undefined>;
  /** What was said at the tool since the cursor, page by page; may repeat itself. */
  optOuts?(cursor: string | null): AsyncIterable<OptOutPage>;
  close(): Promise<void>;
}

/** A notice as the tool sent it. Names of headers in lower case. */
export interface AudienceNotice {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** What a connector is that takes audiences. What it cannot do is absent. */
export interface AudienceDefinition<Settings = unknown> {
  readonly channels: readonly Channel[];
  /** Members in one batch at most. */
  readonly batchSize: number;
  /** Batches that the tool takes at once; 1 unless it says more. */
  readonly atOnce?: number;
  /** The tool uses addresses for others' advertising as well: a campaign to it is of sender `third_party` (databeskyttelsesloven § 13). */
  readonly passesOn?: boolean;
  connect(settings: Settings, deps: ConnectDeps): AudienceClient;
  /**
   * What a signed notice says; `read`: only that there is something to read. Throws RejectedError `not_allowed` where the signature is
   * not the tool's. Absent: notices are not signed, so each is but a hint to read the opt-outs.
   */
  readNotice?(settings: Settings, notice: AudienceNotice, now: Date): readonly OptOut[] | "read";
}
