import { catalogueOf, type Unit, type Values } from "../model/catalogue.ts";
import type { FieldChanges } from "./apply.ts";
import { isLooser } from "./control.ts";
import { gateState } from "./gate.ts";
import type { Entity } from "./record.ts";
import { isEmpty } from "./unit-values.ts";

/** What an undo archives carries this rule, so that undoing the undo knows it for its own. */
export const ARCHIVED = "R33:archived";
export const UNDONE = "R33:undone";
const FILLED = "R26:filled";

/** One version of a record as history tells it, oldest first in a list. */
export interface PastVersion {
  readonly version: number;
  readonly kind: string;
  /** Written by what is to be undone. */
  readonly mine: boolean;
  /** Written by this very undo, in a try before. */
  readonly undoing: boolean;
  readonly fields: FieldChanges;
  /** The object whose claim it was. */
  readonly from: Place | null;
}

export interface Place {
  readonly connection: string;
  readonly object: string;
}

/** Why a unit, or a record, is left as it is (rule R33). */
export type LeftReason =
  /** Somebody has changed it since. */
  | "changed_since"
  | "erased"
  | "merged"
  | "record_archived"
  | "restricted"
  /** An open case holds it: a person decides there. */
  | "held"
  /** Undoing would bring back a consent that was withdrawn. */
  | "consent"
  /** A protection (objection, restriction, archive, the flag): undo neither lifts one nor brings a lifted one back. */
  | "protection"
  /** Its terms have run out, or its content was dropped. */
  | "expired"
  /** An empty part of a group was filled at a first meeting: emptying it here would empty it at the remote. */
  | "part_of_group"
  /** A record cannot be without it. */
  | "required"
  /** The remote that holds the value may not be written: only a pin keeps the old one in force. */
  | "needs_pin"
  /** A contact that was made and has no link to be ended. */
  | "no_link";

export type UndoStep =
  | {
      readonly kind: "left";
      readonly unit: string;
      readonly fields: readonly string[];
      readonly reason: LeftReason;
      readonly since?: number;
    }
  /** It stands as before already: an earlier try of this undo has done it. */
  | { readonly kind: "stands"; readonly unit: string; readonly fields: readonly string[] }
  | {
      readonly kind: "restore";
      readonly unit: string;
      readonly fields: readonly string[];
      readonly write: Values;
      readonly filledFrom: Place | null;
    };

/** What undoing comes to for one record: it was made and goes, whole, or its units, one by one. */
export type UndoPlan =
  | { readonly kind: "made"; readonly left?: LeftReason; readonly since?: number; readonly stands: boolean }
  | { readonly kind: "units"; readonly steps: readonly UndoStep[] };

/** Control fields that say yes to being written to. The other control fields protect. */
const CONSENTS: ReadonlySet<string> = new Set(["tilladKampagne", "gdpr"]);
const GONE_KINDS: Readonly<Record<string, LeftReason>> = { erased: "erased", expired: "expired" };

/**
 * What undoing does with a record: the old value of every unit that `mine` wrote and nobody has written since (rule R33).
 * `state` is that of the emne where the record is a contact. Whether a remote forbids it is asked by the caller.
 */
export function planUndo(entity: Entity, state: Entity, versions: readonly PastVersion[]): UndoPlan {
  if (isMade(versions)) return planMade(entity, state, versions);
  const steps: UndoStep[] = [];
  for (const unit of catalogueOf(entity.kind).units.values()) {
    const step = planUnit(entity, state, unit, versions);
    if (step !== undefined) steps.push(step);
  }
  return { kind: "units", steps };
}

/** The record was made by what is to be undone. */
export const isMade = (versions: readonly PastVersion[]): boolean =>
  versions.some((each) => each.mine && each.kind === "created" && each.version === 1);

/** A first meeting has filled something here that is to be undone. */
export const isFilled = (versions: readonly PastVersion[]): boolean =>
  versions.some((each) => each.mine && Object.values(each.fields).some(([, , rule]) => rule === FILLED));

function planMade(entity: Entity, state: Entity, versions: readonly PastVersion[]): UndoPlan {
  const stands = versions.some((each) => each.undoing);
  const since = versions.find((each) => !each.mine && !each.undoing && isEdit(entity, each));
  const gate = gateState(state, "in");
  if (stands) return { kind: "made", stands };
  if (!gate.allowed && gate.reason !== "archived") return { kind: "made", stands, left: leftBy(gate.reason) };
  if (since !== undefined) return { kind: "made", stands, left: "changed_since", since: since.version };
  return gate.allowed || entity.kind === "kontaktperson"
    ? { kind: "made", stands }
    : { kind: "made", stands, left: "record_archived" };
}

/**
 * What the gateway computes from links and states follows them and is nobody's change; nor is what a first meeting filled:
 * the remote that the record went on to be made at answers with its defaults.
 */
function isEdit(entity: Entity, { fields }: PastVersion): boolean {
  const { unitOf } = catalogueOf(entity.kind);
  return Object.entries(fields).some(([field, [, , rule]]) => unitOf.get(field)?.computed === false && rule !== FILLED);
}

function planUnit(entity: Entity, state: Entity, unit: Unit, versions: readonly PastVersion[]): UndoStep | undefined {
  const touching = versions.filter((each) => unit.fields.some((field) => each.fields[field] !== undefined));
  const last = touching.findLastIndex((each) => each.mine);
  if (last === -1) return undefined;
  const rules = touching.flatMap((each) =>
    each.mine ? unit.fields.flatMap((field) => each.fields[field]?.[2] ?? []) : [],
  );
  const ownArchive = rules.length > 0 && rules.every((rule) => rule === ARCHIVED);
  if (unit.computed && !ownArchive) return undefined;
  // Back to the first of the writes that nobody came between.
  let first = last;
  while (first > 0 && touching[first - 1]?.mine === true) first -= 1;
  const chain = touching.slice(first, last + 1);
  const write: Values = {};
  for (const each of [...chain].reverse())
    for (const field of unit.fields) {
      const change = each.fields[field];
      if (change !== undefined) write[field] = change[0];
    }
  const about = { unit: unit.name, fields: Object.keys(write) };
  const left = (reason: LeftReason, since?: number): UndoStep => ({
    ...about,
    kind: "left",
    reason,
    ...(since === undefined ? {} : { since }),
  });
  const later = touching.slice(last + 1);
  if (later.some((each) => each.undoing) && later.every((each) => each.undoing)) return { ...about, kind: "stands" };
  const gone = versions.map((each) => GONE_KINDS[each.kind]).find((reason) => reason !== undefined);
  if (gone !== undefined) return left(gone);
  const gate = gateState(state, "in");
  if (!gate.allowed && !(ownArchive && gate.reason === "archived")) return left(leftBy(gate.reason));
  const since = later.find((each) => !each.undoing);
  if (since !== undefined) return left("changed_since", since.version);
  if (entity.holds[unit.name] !== undefined) return left("held");
  if (unit.control && !ownArchive) {
    if (!CONSENTS.has(unit.name)) return left("protection");
    if (isLooser(entity.kind, unit.fields, write, entity.values)) return left("consent");
  }
  const after = { ...entity.values, ...write };
  const { fields } = catalogueOf(entity.kind);
  if (unit.fields.some((field) => fields[field]?.required === true && isEmpty(after[field]))) return left("required");
  const filling = chain.find((each) => unit.fields.some((field) => each.fields[field]?.[2] === FILLED));
  const emptied = filling !== undefined && Object.values(write).every(isEmpty);
  const isEmptyNow = unit.fields.every((field) => isEmpty(after[field]));
  if (emptied && !isEmptyNow) return left("part_of_group");
  return { ...about, kind: "restore", write, filledFrom: emptied ? filling.from : null };
}

const leftBy = (reason: string): LeftReason =>
  reason === "erased" || reason === "merged" || reason === "restricted" ? reason : "record_archived";
