import type { CompiledMapping, MappedUnit } from "../mappings/mapping.ts";
import { kontaktpersonCatalogue, type Values } from "../model/catalogue.ts";
import { sameValue } from "../model/compare.ts";
import { decideUnit } from "./decide.ts";
import type { UnitEffect } from "./decision.ts";
import { type Entity, type Link, setterInForce } from "./record.ts";
import { type DecideInput, setterOf, type UnitCase } from "./unit-case.ts";
import { isEmpty } from "./unit-values.ts";

/** A contact of the emne as the view needs it. */
export interface ContactFacts {
  readonly id: string;
  readonly email: string | null;
}

/** What a flat claim about "the contact" comes to (rule R29). It never renames a person. */
export type ViewDecision =
  | { readonly kind: "none" }
  /** The primary contact is meant: effects on it, in its own field names. */
  | { readonly kind: "same_person"; readonly effects: readonly UnitEffect[] }
  /** Nobody is there yet: make this one, primary. */
  | { readonly kind: "make"; readonly values: Values; readonly primary: boolean }
  /** Another person of this emne is meant: a person decides whether that one becomes primary. */
  | { readonly kind: "propose"; readonly contactId: string };

const VIEW_UNIT = "primaer";
export const viewHold = VIEW_UNIT;

const translated = (mapped: MappedUnit): MappedUnit => {
  const field = mapped.view;
  if (field === undefined) throw new Error(`${mapped.unit} is no view`);
  return { ...mapped, unit: field, keys: [field], view: undefined };
};

const toContact = (mapping: CompiledMapping, values: Values): Values => {
  const own: Values = {};
  for (const mapped of mapping.units) {
    const key = mapped.keys[0];
    if (mapped.view !== undefined && key !== undefined && values[key] !== undefined) own[mapped.view] = values[key];
  }
  return own;
};

/** The link as the primary contact sees it: the view's keys under the contact's field names. */
export function viewLink(mapping: CompiledMapping, link: Link, contactId: string): Link {
  const decided: { [unit: string]: number } = {};
  const renderings: { [unit: string]: Link["renderings"][string] } = {};
  for (const mapped of mapping.units) {
    if (mapped.view === undefined) continue;
    // Versions count only for the contact they were taken of.
    if (link.viewOf === contactId) decided[mapped.view] = link.decided[mapped.unit] ?? 0;
    const pairs = link.renderings[mapped.unit];
    if (pairs) {
      renderings[mapped.view] = pairs.map((pair) => ({
        ...pair,
        sent: toContact(mapping, pair.sent),
        got: toContact(mapping, pair.got),
      }));
    }
  }
  return {
    ...link,
    base: toContact(mapping, link.base),
    seen: toContact(mapping, link.seen),
    decidedVersion: 0,
    decided,
    renderings,
    images: link.images.map((image) => ({
      ...image,
      values: toContact(mapping, image.values),
      versions: viewVersions(mapping, image.versions),
    })),
  };
}

function viewVersions(
  mapping: CompiledMapping,
  versions: { readonly [unit: string]: number },
): { [unit: string]: number } {
  const own: { [unit: string]: number } = {};
  for (const mapped of mapping.units) {
    const version = versions[mapped.unit];
    if (mapped.view !== undefined && version !== undefined) own[mapped.view] = version;
  }
  return own;
}

/** The mapping cut down to the view, in the contact's field names: for owing and sending. */
export function viewMapping(mapping: CompiledMapping): CompiledMapping {
  const units = mapping.units.filter((mapped) => mapped.view !== undefined).map(translated);
  return {
    ...mapping,
    as: "kontaktperson",
    units,
    unitByName: new Map(units.map((unit) => [unit.unit, unit])),
    hasView: false,
  };
}

/** Effects on the contact, back in the link's own names; versions are the contact's, so they are made plain here. */
export function effectsForLink(
  mapping: CompiledMapping,
  effects: readonly UnitEffect[],
  contactVersion: number,
): readonly UnitEffect[] {
  const nameOf = new Map(
    mapping.units.flatMap((mapped) => (mapped.view === undefined ? [] : [[mapped.view, mapped.unit] as const])),
  );
  const back = (values: Values | undefined): Values | undefined =>
    values === undefined
      ? undefined
      : Object.fromEntries(Object.entries(values).map(([key, value]) => [nameOf.get(key) ?? key, value]));
  return effects.map((effect) => {
    const { base, seen, rendering, decided, write: _, ...rest } = effect;
    return {
      ...rest,
      unit: nameOf.get(effect.unit) ?? effect.unit,
      ...(base ? { base: back(base) ?? {} } : {}),
      ...(seen ? { seen: back(seen) ?? {} } : {}),
      ...(decided === undefined ? {} : { decided: decided === "after" ? contactVersion : decided }),
      ...(rendering
        ? { rendering: { ...rendering, sent: back(rendering.sent) ?? {}, got: back(rendering.got) ?? {} } }
        : {}),
    };
  });
}

/** Judges the flat contact fields of a reading against the primary contact (rule R29). */
export function decideView(
  input: DecideInput,
  primary: Entity | null,
  contacts: readonly ContactFacts[],
): ViewDecision {
  const { mapping, reading, link, entity } = input;
  const claims = toContact(mapping, reading.claims);
  const names = Object.keys(claims);
  if (names.length === 0) return { kind: "none" };
  const base = toContact(mapping, link.base);
  const emailField = kontaktpersonCatalogue.fields.email;
  const nameField = kontaktpersonCatalogue.fields.navn;
  if (emailField === undefined || nameField === undefined)
    throw new Error("A contact without name or e-mail in the catalogue");
  const byEmail = isEmpty(claims.email)
    ? undefined
    : contacts.find((contact) => contact.email !== null && sameValue(emailField, contact.email, claims.email ?? null));

  if (primary === null) {
    if (names.every((name) => isEmpty(claims[name]))) return { kind: "none" };
    const unchanged = names.every(
      (name) => base[name] !== undefined && sameValue(nameField, base[name] ?? null, claims[name] ?? null),
    );
    if (unchanged) return { kind: "none" };
    if (byEmail !== undefined) return { kind: "propose", contactId: byEmail.id };
    return { kind: "make", values: named(claims), primary: contacts.length === 0 };
  }

  const own = viewLink(mapping, link, primary.id);
  /** Neither ours, nor what they showed before, nor our own write. At a first meeting empty is no opinion. */
  const moved = (name: "navn" | "email", field: typeof emailField): boolean => {
    const claim = claims[name];
    if (claim === undefined || (isEmpty(claim) && own.base[name] === undefined)) return false;
    const known = [primary.values[name] ?? null, own.base[name], ...own.images.map((image) => image.values[name])];
    return !known.some((value) => value !== undefined && sameValue(field, claim, value));
  };
  const emailMoved = moved("email", emailField);
  if (emailMoved && byEmail !== undefined && byEmail.id !== primary.id)
    return { kind: "propose", contactId: byEmail.id };
  const isSomebody = !isEmpty(claims.navn) || !isEmpty(claims.email);
  const isFilled = !isEmpty(primary.values.navn) && !isEmpty(primary.values.email);
  if (isSomebody && isFilled && emailMoved && moved("navn", nameField))
    return { kind: "make", values: named(claims), primary: false };

  const effects: UnitEffect[] = [];
  const setter = setterOf(input.lane, reading);
  for (const mapped of mapping.units) {
    if (mapped.view === undefined || claims[mapped.view] === undefined) continue;
    const each: UnitCase = {
      ...input,
      entity: { ...primary, state: entity.state },
      link: own,
      fresh: false,
      mapped: translated(mapped),
      keys: [mapped.view],
      theirs: claims,
      setter,
      ourSetter: setterInForce(primary, mapped.view),
      mayUpdate: entity.values.maaOpdateresAutomatisk !== false && reading.claims.maaOpdateresAutomatisk !== false,
      control: false,
      required: kontaktpersonCatalogue.fields[mapped.view]?.required === true,
    };
    const effect = decideUnit(each, false);
    if (effect !== undefined) effects.push(effect);
  }
  return { kind: "same_person", effects };
}

/** A contact must have a name; one known by an address alone is named by it. */
function named(claims: Values): Values {
  const values: Values = {};
  for (const [field, value] of Object.entries(claims)) if (!isEmpty(value)) values[field] = value;
  if (values.navn === undefined) values.navn = values.email ?? values.mobil ?? values.fax ?? "?";
  return values;
}
