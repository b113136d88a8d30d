import type { EntityKind, Values } from "../model/catalogue.ts";

/** Sides of rule R1. */
export type Side = "crm" | "ledger" | "directory" | "audience";

/** Who set a value, and when as an interval in ms since 1970 (rule R3). */
export interface Setter {
  readonly kind: "connection" | "api" | "person" | "derived" | "system";
  readonly side?: Side;
  readonly connection?: string;
  readonly object?: string;
  /** Key label or person. */
  readonly actor?: string;
  readonly change?: number;
  readonly mapping?: string;
  readonly from: number;
  readonly to: number;
}

/** A value is the CRM's when its last setter was a person, our API, or an object of side crm (rule R1). */
export const isCrm = (setter: Setter): boolean =>
  setter.kind === "person" || setter.kind === "api" || (setter.kind === "connection" && setter.side === "crm");

/** A claim that lost, with the rule that decided. */
export interface Loser {
  readonly by: Setter;
  readonly value: Values;
  readonly rule: string;
}

/** Of one unit: version at which it last changed, index of its setter, rule; then who lost to it. */
export type UnitProvenance = readonly [version: number, setter: number, rule: string, losers?: readonly Loser[]];

/** Kept on the record: setters once, units point at them. */
export interface Provenance {
  readonly s: readonly Setter[];
  readonly u: { readonly [unit: string]: UnitProvenance };
}

/** Who set the value in force of a unit; undefined: nobody ever did, whatever else was recorded about it. */
export function setterInForce(entity: Entity, unit: string): Setter | undefined {
  const provenance = entity.provenance.u[unit];
  return provenance === undefined ? undefined : entity.provenance.s[provenance[1]];
}

export type Policy = "auto" | "if_empty" | "propose" | "frozen";

/** A policy or pin (`frozen`) of one record (rule R15). `unit` `*` is every unit; absent connection and direction mean all. */
export interface RecordPolicy {
  readonly unit: string;
  readonly policy: Policy;
  readonly pin?: true;
  readonly connection?: string;
  readonly direction?: "in" | "out";
  readonly reason: string;
  readonly by: string;
  readonly until?: number;
}

/** What forbids every write, in or out. */
export interface RecordState {
  readonly archived: boolean;
  readonly restricted: boolean;
  readonly erased: boolean;
  readonly orphaned: boolean;
  readonly mergedInto: string | null;
}

/** A Kundeemne or a contact as deciding sees it. */
export interface Entity {
  readonly kind: EntityKind;
  readonly id: string;
  readonly version: number;
  readonly values: Values;
  readonly provenance: Provenance;
  readonly policies: readonly RecordPolicy[];
  /** Review that holds a unit; key is the unit, or `unit@connection` for a proposal of one connection (rule R16). */
  readonly holds: { readonly [unit: string]: number };
  readonly state: RecordState;
  /** Contacts: the emne. */
  readonly parentId: string | null;
}

export type LinkStateName = "linked" | "suggested" | "disputed" | "unlinked" | "refused" | "gone" | "extra";

/** Image of a write since the last settle (rule R13). */
export interface SentImage {
  readonly attempt: number;
  readonly values: Values;
  readonly versions: { readonly [unit: string]: number };
  /** It outlives the settle until then (ms): the attempt was uncertain or withdrawn. */
  readonly until?: number;
  /** A reading has judged the attempt, or none ever will: from now on only `until` counts. */
  readonly settled?: true;
  /**
   * What the remote showed of these units before. Kept where a receipt did not tell which state of the object it speaks
   * of: a push from before the write is recognised by it (rule R21).
   */
  readonly before?: Values;
}

/** What the remote makes of a value we sent (rule R17). */
export interface Rendering {
  readonly sent: Values;
  readonly got: Values;
  readonly ignored?: true;
}

/** A remote object and what it stands for, as deciding sees it. */
export interface Link {
  readonly id: string;
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly entity: EntityKind;
  readonly entityId: string | null;
  readonly state: LinkStateName;
  readonly base: Values;
  readonly seen: Values;
  readonly decidedVersion: number;
  readonly decided: { readonly [unit: string]: number };
  readonly renderings: { readonly [unit: string]: readonly Rendering[] };
  readonly viewOf: string | null;
  readonly images: readonly SentImage[];
  readonly writeCount: number;
  readonly inFlight: boolean;
  readonly quietUntil: number | null;
  readonly counter: number | null;
  readonly remoteVersion: string | null;
  /** The remote's own time of the newest change kept, in ms (rule R5). */
  readonly remoteChangedAt?: number | null;
  readonly decidedReceivedAt: number | null;
  readonly decidedBeganAt: number | null;
  readonly mappingVersion: string | null;
}

/** What configuration and release say of one object of one connection, for deciding. */
export interface Lane {
  /** A person carries in what comes here: a file of theirs. */
  readonly byHand?: boolean;
  readonly connection: string;
  readonly object: string;
  readonly connector: string;
  readonly side: Side;
  /** Wished, released and switched on. */
  readonly inbound: boolean;
  readonly outbound: boolean;
  /** Switched off: still read at the reconcile schedule, nothing decided (rule R22). */
  readonly off?: boolean;
  readonly createIn: boolean;
  readonly createOut: boolean;
  readonly firstMeeting: "remote" | "crm" | "ask";
  readonly onRemoteEdit: "leave" | "restore";
  /** Order among ledgers: debitor before kreditor, then as configured; lower wins. */
  readonly rank: number;
  readonly updatePolicy: { readonly [unit: string]: Policy };
  /** Connections whose terms keep the values that they set from being passed on (rule R14). */
  readonly bound?: ReadonlySet<string>;
}

/** A reading of one remote object, mapped. */
export interface Reading {
  readonly claims: Values;
  readonly changeId: number | null;
  /** Interval of the claim (rule R3), in ms; `from` without a base is when the request began. */
  readonly from: number;
  readonly to: number;
  readonly receivedAt: number;
  readonly whole: boolean;
  /** A reading that a suspicion asked for: what it shows is believed (rule R8). */
  readonly confirmed: boolean;
  readonly mapping: string;
}

export const noState: RecordState = {
  archived: false,
  restricted: false,
  erased: false,
  orphaned: false,
  mergedInto: null,
};
