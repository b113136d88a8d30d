import type { CompiledMapping, MappedUnit } from "../mappings/mapping.ts";
import type { EntityKind, Values } from "../model/catalogue.ts";
import { catalogueOf } from "../model/catalogue.ts";
import { looseSame } from "../model/compare.ts";
import type { UnitEffect } from "./decision.ts";
import type { Link } from "./record.ts";
import { fieldOf, pick, sameTheirs, withSent } from "./unit-values.ts";

export interface Sent {
  /** What reading the body back would give. */
  readonly values: Values;
  /** Version of each unit that was sent. */
  readonly versions: { readonly [unit: string]: number };
}

export interface Settled {
  readonly effects: readonly UnitEffect[];
  /** Claims of the answer that the attempt did not settle: a reading begun with the attempt (rule R6). */
  readonly rest: Values;
  /** Units whose write the remote ignored: one review item each (rule R17). */
  readonly ignored: readonly string[];
}

const RENDERINGS_BEFORE_HELD = 3;

/**
 * Judges what the remote shows after a write, field by field (rule R17): equal, a rendering, or ignored. `how` is
 * `answer` when the write's own answer shows it, `read` when it is a later read or the first one after an uncertain
 * attempt (`arrived` says that the remote acknowledged it): then only a loosely equal value is a rendering and any other difference is judged as a claim (rule R12).
 */
export function settle(
  kind: EntityKind,
  link: Link,
  mapping: CompiledMapping,
  sent: Sent,
  before: Values,
  claims: Values,
  how: "answer" | "read",
  arrived = how === "answer",
): Settled {
  const effects: UnitEffect[] = [];
  const ignored: string[] = [];
  const rest: Values = { ...claims };
  for (const [unit, version] of Object.entries(sent.versions)) {
    const mapped = mapping.unitByName.get(unit);
    if (mapped === undefined) continue;
    const keys = mapped.keys.filter((key) => sent.values[key] !== undefined);
    const theirs = pick(keys, claims);
    if (keys.length === 0 || keys.some((key) => theirs[key] === undefined)) continue;
    // A group is one value: edited beside what was sent, it is a claim and not our answer (rules R2, R6).
    const beside = mapped.keys.filter((key) => sent.values[key] === undefined && claims[key] !== undefined);
    if (!sameTheirs(kind, { ...mapped, keys: beside }, claims, withSent(mapped, before, {}))) continue;
    const values = pick(keys, sent.values);
    const base = pick(mapped.keys, claims);
    const take = (): void => {
      for (const key of mapped.keys) delete rest[key];
    };
    if (sameTheirs(kind, mapped, theirs, values)) {
      take();
      effects.push({ unit, did: "own", rule: "R17:equal", base, decided: version });
      continue;
    }
    const known = keys.every((key) => before[key] !== undefined);
    const untouched = known && sameTheirs(kind, mapped, theirs, before);
    const loose = looselySame(kind, mapped, theirs, values);
    const rendered = (link.renderings[unit] ?? []).filter((pair) => pair.ignored !== true);
    if (untouched && !(loose && rendered.length > 0)) {
      if (!arrived) continue; // nothing tells an ignored write from one that never arrived: judged by R12
      take();
      ignored.push(unit);
      effects.push({
        unit,
        did: "noted",
        rule: "R17:ignored",
        base,
        rendering: { sent: values, got: theirs, ignored: true },
      });
      continue;
    }
    if (mapped.assignedByRemote || (how === "read" && !loose)) continue;
    take();
    const others = rendered.filter(
      (pair) => sameTheirs(kind, mapped, pair.sent, values) && !sameTheirs(kind, mapped, pair.got, theirs),
    );
    if (others.length + 1 >= RENDERINGS_BEFORE_HELD) {
      effects.push({
        unit,
        did: "held",
        rule: "R17:three_renderings",
        seen: base,
        review: { kind: "conflict", theirs, ours: values, reason: "R17:three_renderings" },
      });
      continue;
    }
    effects.push({
      unit,
      did: "rendered",
      rule: "R17:rendering",
      base,
      decided: version,
      rendering: { sent: values, got: theirs },
    });
  }
  return { effects, rest, ignored };
}

function looselySame(kind: EntityKind, mapped: MappedUnit, theirs: Values, sent: Values): boolean {
  if (mapped.token) return false;
  const catalogue = catalogueOf(kind);
  return Object.keys(sent).every((key) =>
    looseSame(fieldOf(catalogue, mapped, key), sent[key] ?? null, theirs[key] ?? null, mapped.max),
  );
}
