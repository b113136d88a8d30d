import { catalogueOf, primaryView, type Values } from "../model/catalogue.ts";
import type { Value } from "../model/field.ts";
import type { Did, UnitEffect } from "./decision.ts";
import type { Entity, Link, Loser, Provenance, Rendering, Setter, UnitProvenance } from "./record.ts";

/**
 * By field: old value, new value, rule (left out where the record was made by the change), and claims that had lost to
 * the old value: provenance speaks of the value in force only, so that they were ever made stands here from now on.
 */
export type FieldChanges = {
  [field: string]: readonly [old: Value, now: Value, rule?: string, lost?: readonly Loser[]];
};

export interface Applied {
  readonly entity: Entity;
  /** Fields that have another value now; empty: no new version. */
  readonly changed: FieldChanges;
  /** Provenance changed without a value (a loser was recorded). */
  readonly touched: boolean;
}

const LOSERS_KEPT = 5;

/** The value in force stays, and the effect may name a claim that lost to it. */
const keepsOurs: ReadonlySet<Did> = new Set(["lost", "noted", "own", "rendered"]);

/** Writes the effects of one decision to a record: values, provenance, and a new version when a value changed. */
export function applyToEntity(entity: Entity, effects: readonly UnitEffect[], setter: Setter): Applied {
  const changed: FieldChanges = {};
  let values: Values | undefined;
  let units: { [unit: string]: UnitProvenance } | undefined;
  let touched = false;
  const fresh = entity.version === 0;
  const version = entity.version + 1;
  const setters = [...entity.provenance.s];
  let own = -1;
  for (const effect of effects) {
    if (effect.did === "took" && effect.write !== undefined) {
      values ??= { ...entity.values };
      units ??= { ...entity.provenance.u };
      let moved = false;
      for (const [field, value] of Object.entries(effect.write)) {
        const old = entity.values[field] ?? null;
        if (same(old, value)) continue;
        moved = true;
        values[field] = value;
        changed[field] = fresh ? [old, value] : [old, value, effect.rule];
      }
      // A version is told only by a value that changed: what already stood keeps its setter, or stays nobody's.
      if (!moved && !fresh) continue;
      let at = own;
      if (effect.by !== undefined) at = setters.push(effect.by) - 1;
      else if (own === -1) at = own = setters.push(setter) - 1;
      const lost = effect.loser === undefined || effect.rule.endsWith(":changed") ? [] : [loserOf(effect)];
      const before = entity.provenance.u[effect.unit]?.[3] ?? [];
      const losers = [...before.filter(isOverwritten), ...lost].slice(-LOSERS_KEPT);
      if (before.length > 0)
        keepLost(
          changed,
          effect,
          before.filter((each) => !losers.includes(each)),
        );
      units[effect.unit] = losers.length === 0 ? [version, at, effect.rule] : [version, at, effect.rule, losers];
      touched = true;
    } else if (effect.loser !== undefined && keepsOurs.has(effect.did)) {
      units ??= { ...entity.provenance.u };
      const before = units[effect.unit] ?? ([0, -1, "unset"] as const);
      const kept = (before[3] ?? []).filter((each) => !sameSource(each.by, setter)).slice(1 - LOSERS_KEPT);
      units[effect.unit] = [before[0], before[1], before[2], [...kept, loserOf(effect)]];
      touched = true;
    }
  }
  if (values === undefined && units === undefined) return { entity, changed, touched: false };
  const moved = Object.keys(changed).length > 0;
  const provenance = compact({ s: setters, u: units ?? entity.provenance.u });
  return {
    entity: {
      ...entity,
      version: moved || fresh ? version : entity.version,
      values: values ?? entity.values,
      provenance,
    },
    changed,
    touched,
  };
}

/** Claims that provenance forgets with the value they lost to go into history, beside the first field that changed. */
function keepLost(changed: FieldChanges, { write, rule }: UnitEffect, lost: readonly Loser[]): void {
  const field = Object.keys(write ?? {}).find((each) => changed[each] !== undefined);
  const change = field === undefined ? undefined : changed[field];
  if (field === undefined || change === undefined || lost.length === 0) return;
  changed[field] = [change[0], change[1], change[2] ?? rule, lost];
}

/** What stands at a one-way target until our next write replaces it: that write must not make it forgotten (rule R22). */
const isOverwritten = ({ rule }: Loser): boolean => rule.startsWith("R22:");

const loserOf = (effect: UnitEffect): Loser => {
  if (effect.loser === undefined) throw new Error("An effect without a loser");
  const { by, value, rule } = effect.loser;
  return { by, value, rule: rule ?? effect.rule };
};

const sameSource = (a: Setter, b: Setter): boolean =>
  a.connection === b.connection && a.object === b.object && a.kind === b.kind;

const same = (a: Value, b: Value): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, at) => item === b[at]));

/** Drops setters that no unit names any more. */
function compact(provenance: Provenance): Provenance {
  const place = new Map<number, number>();
  const setters: Setter[] = [];
  const units: { [unit: string]: UnitProvenance } = {};
  for (const [unit, [version, at, rule, losers]] of Object.entries(provenance.u)) {
    let now = place.get(at);
    if (now === undefined) {
      const setter = provenance.s[at];
      now = setter === undefined ? -1 : setters.push(setter) - 1;
      place.set(at, now);
    }
    units[unit] = losers === undefined ? [version, now, rule] : [version, now, rule, losers];
  }
  return { s: setters, u: units };
}

/** Writes the effects to the link: base, seen, decided versions, renderings. `version` is the record's after the decision. */
export function applyToLink(link: Link, effects: readonly UnitEffect[], entity: Entity): Link {
  if (effects.length === 0) return link;
  const base: Values = { ...link.base };
  const seen: Values = { ...link.seen };
  const decided: { [unit: string]: number } = { ...link.decided };
  let renderings = link.renderings;
  for (const effect of effects) {
    if (effect.base !== undefined) {
      for (const [key, value] of Object.entries(effect.base)) {
        base[key] = value;
        delete seen[key];
      }
    }
    if (effect.seen !== undefined) Object.assign(seen, effect.seen);
    if (effect.decided !== undefined)
      decided[effect.unit] = effect.decided === "after" ? entity.version : effect.decided;
    if (effect.rendering !== undefined) renderings = addRendering(renderings, effect.unit, effect.rendering);
  }
  return compactDecided({ ...link, base, seen, decided, renderings }, entity);
}

const RENDERINGS_KEPT = 3;

export function addRendering(renderings: Link["renderings"], unit: string, rendering: Rendering): Link["renderings"] {
  const kept = (renderings[unit] ?? []).filter(
    (each) =>
      JSON.stringify(each.sent) !== JSON.stringify(rendering.sent) ||
      JSON.stringify(each.got) !== JSON.stringify(rendering.got),
  );
  return { ...renderings, [unit]: [...kept.slice(1 - RENDERINGS_KEPT), rendering] };
}

/**
 * One number says it for all units once the remote has had every version of every unit: the usual state, kept short.
 */
function compactDecided(link: Link, entity: Entity): Link {
  const catalogue = catalogueOf(entity.kind);
  for (const unit of Object.keys(entity.provenance.u)) {
    if (!catalogue.units.has(unit)) continue;
    const version = entity.provenance.u[unit]?.[0] ?? 0;
    if (version > (link.decided[unit] ?? link.decidedVersion)) return link;
  }
  // Versions of the view count in the contact's numbers, so they stay by themselves.
  const view = Object.entries(link.decided).filter(([unit]) => primaryView.has(unit));
  return { ...link, decidedVersion: entity.version, decided: Object.fromEntries(view) };
}
