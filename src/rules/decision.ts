import type { Values } from "../model/catalogue.ts";
import type { Rendering, Setter } from "./record.ts";

/** What became of one unit of a reading; the words of runs, history and explain. */
export type Did =
  | "took" // their value is in force now
  | "agreed" // both sides came to the same value
  | "lost" // ours stays, theirs is recorded as the loser
  | "held" // a person decides
  | "proposed" // waits as a proposal; ours stays
  | "forbidden" // the gate shut; decided again when the reason goes
  | "own" // our own write came back
  | "rendered" // what the remote makes of our value
  | "noted"; // shown, without a decision (one-way out, off, no opinion)

/** What deciding one unit asks of the store. Absent parts change nothing. */
export interface UnitEffect {
  readonly unit: string;
  readonly did: Did;
  /** The rule and, after a colon, its reason: `R12:owner:crm`. */
  readonly rule: string;
  /** Fields of the record to write. */
  readonly write?: Values;
  /** Its setter, where that is not the one of the reading (a derived value). */
  readonly by?: Setter;
  /** The remote's value, which becomes base. */
  readonly base?: Values;
  /** The remote's value, shown but not decided. */
  readonly seen?: Values;
  /** Version of ours that the remote is known to have had: the one after this decision, or the one that was sent. */
  readonly decided?: "after" | number;
  readonly rendering?: Rendering;
  /** The value that lost, with its setter, and the rule by which, where that is not the effect's. */
  readonly loser?: { readonly value: Values; readonly by: Setter; readonly rule?: string };
  /** A conflict or proposal to open, or to join when the unit is held already. */
  readonly review?: {
    readonly kind: "conflict" | "proposal";
    readonly join?: number;
    /** The side came to agree, or shows what a person has refused already: with the others the case closes (rules R15, R16). */
    readonly close?: true;
    readonly theirs: Values;
    readonly ours: Values;
    readonly reason: string;
    /** How often the field has swung, and the system whose value ours is (rule R31). */
    readonly swings?: number;
    readonly other?: { readonly connection: string; readonly object: string; readonly at: number };
  };
}

export interface Decision {
  readonly effects: readonly UnitEffect[];
  /** Not decided: the remote must be read once more (rules R6, R8). */
  readonly readAgain?: string;
}
