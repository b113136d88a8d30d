import type { EntityKind, Values } from "../model/catalogue.ts";
import type { Survivorship } from "../model/field.ts";

export type Direction = "in" | "out" | "both";
export type WriteMode = "always" | "if_empty" | "on_create";

/** A remote's object as it came: JSON as the vendor sends it. */
export type RemoteImage = { readonly [key: string]: unknown };

/** One line of a mapping; data only, so it can be printed, compared, stored and replaced. */
export interface MappingLine {
  /** A field of the catalogue, or of the view of the primary contact (`primaer.email`). */
  readonly field?: string;
  /** The fields of a group that share one remote field, or several, through a codec over the group. */
  readonly fields?: readonly string[];
  readonly remote: string | readonly string[];
  /** A named two-way codec, with options. Without one: the codec of the field's kind. */
  readonly as?: string | ({ readonly codec: string } & { readonly [option: string]: unknown });
  readonly direction?: Direction;
  readonly write?: WriteMode;
  readonly survivorship?: Survivorship;
  /** Characters the remote takes; a longer value is reported and withheld, never cut. */
  readonly max?: number;
  /** What the field says for matching. */
  readonly match?: "name" | "cvr" | "gln" | "address" | "id" | "email";
  readonly assignedByRemote?: boolean;
  readonly emptyMeansUnknown?: boolean;
  /** The value is an external id of another object at the same connection. */
  readonly link?: string;
}

export interface Mapping {
  /** Our name of the remote object: `debitor`, `kreditor`, `kundeemne`, `kontaktperson`. */
  readonly object: string;
  /** The remote's name of it, e.g. `Debitorer`. */
  readonly remote: string;
  /** What a link of this object stands for. */
  readonly as: EntityKind;
  /** The remote field that holds the external id. */
  readonly key: string;
  /** Children: where the external id of the parent stands, and which object it is. */
  readonly parent?: { readonly remote: string; readonly object: string };
  /** Account numbers of this object and of the CRM come from one series (rule R24). */
  readonly sharedSeries?: boolean;
  /** Fields of ours without which the remote makes no such object: named by a conversion before anything is sent. */
  readonly requiredAtCreate?: readonly string[];
  readonly onRemoteEdit?: "leave" | "restore";
  /** How a field is emptied at the remote: by an empty text (unless said), or by null. */
  readonly empty?: "text" | "null";
  readonly fields: readonly MappingLine[];
}

/** A line after it was checked against the catalogue: what deciding and sending need to know of it. */
export interface MappedUnit {
  /** Name of the unit of the catalogue (`adresse`, `telefon`), or of the view of the primary contact (`primaer.email`). */
  readonly unit: string;
  /** Keys under which claims, base and seen of this unit stand. For a token unit: one key, the unit's own name. */
  readonly keys: readonly string[];
  /** Remote fields that hold it. */
  readonly remote: readonly string[];
  readonly direction: Direction;
  readonly write: WriteMode;
  readonly survivorship: Survivorship | undefined;
  readonly emptyMeansUnknown: boolean;
  readonly assignedByRemote: boolean;
  /**
   * The group registration bound to one remote field (rule R2): the claim is the remote's number as text under the
   * unit's name, and is placed against a known group by `placeVat` (src/danish/registration.ts).
   */
  readonly token: boolean;
  /** The field of the primary contact that this unit is a view of (rule R29). */
  readonly view: string | undefined;
  readonly max: number | undefined;
}

/** A fault of one field of a remote object: named without its value. */
export interface FieldFault {
  readonly field: string;
  readonly remote: string;
  readonly code: string;
  /** A sentence with the rule and the shape of the value (`text of 12 characters`), never the value. */
  readonly detail: string;
}

export interface Read {
  readonly externalId: string | undefined;
  readonly parentExternalId: string | undefined;
  /** By flat key. Absent: the remote left it out. Null: the remote shows it empty. */
  readonly claims: Values;
  /** Known fields with a shape that cannot be read: the change goes to quarantine. */
  readonly faults: readonly FieldFault[];
}

/** A field that cannot go out as it is; only this field stays behind (rule S49: the limit is named). */
export interface Withheld {
  readonly unit: string;
  readonly code: "too_long" | "invalid_value" | "not_encodable" | "unknown_code";
  readonly detail: string;
}

export interface Written {
  /** Remote fields to send. */
  readonly body: { readonly [remote: string]: unknown };
  /** What reading the body back will give, by flat key: the image of the attempt (rule R13). */
  readonly sent: Values;
  readonly withheld: readonly Withheld[];
}

export interface CompiledMapping {
  readonly object: string;
  readonly remote: string;
  readonly as: EntityKind;
  /** Content hash of the mapping: each value's provenance names it. */
  readonly version: string;
  readonly key: string;
  readonly parent: Mapping["parent"];
  readonly sharedSeries: boolean;
  readonly requiredAtCreate: readonly string[];
  readonly onRemoteEdit: "leave" | "restore";
  readonly units: readonly MappedUnit[];
  readonly unitByName: ReadonlyMap<string, MappedUnit>;
  /** True when any line is a view of the primary contact. */
  readonly hasView: boolean;
  /** Pure; never throws: what cannot be read is a fault. */
  readRemote(image: RemoteImage): Read;
  /**
   * The body that brings the named units of `values` to the remote. `image` is what the remote last showed (null at a
   * create): parts that already read as wanted are not re-spelled. For a token unit `values` holds the group's fields.
   * `shown` is what it has ever shown by our keys: an empty part of a group that it never had is not sent.
   */
  writeRemote(
    values: Values,
    units: readonly string[],
    image: RemoteImage | null,
    more?: { readonly parentExternalId?: string | undefined; readonly shown?: Values },
  ): Written;
}

/** Checks nothing at run time; it keeps the literal names for the compiler. */
export const defineMapping = <const M extends Mapping>(mapping: M): M => mapping;
