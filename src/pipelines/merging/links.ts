import type { CompiledMapping, MappedUnit } from "../../mappings/mapping.ts";
import { catalogueOf, primaryView, type Values } from "../../model/catalogue.ts";
import { lastShown } from "../../rules/owed.ts";
import { type Entity, type Link, setterInForce } from "../../rules/record.ts";
import { versionOf } from "../../rules/unit-case.ts";
import { agrees, isEmpty, pick, renderingOf, sameTheirs } from "../../rules/unit-values.ts";
import type { StoredLink } from "../../store/links.ts";
import type { KeptLink } from "../../store/merges.ts";

export const keptLink = (
  { id, entityId, state, base, decidedVersion, decided }: StoredLink,
  became: string,
): KeptLink => ({
  ...{ id, entityId: entityId ?? "", state, became, base, decidedVersion, decided },
});

/**
 * A link under another record. What the remote is known to have had is told in versions of the record before: a unit whose
 * value is the same here has been had, any other is a change of ours (rule R11).
 */
export function moveLink(link: StoredLink, before: Entity, after: Entity): StoredLink {
  const decided: { [unit: string]: number } = viewVersions(link);
  for (const unit of catalogueOf(before.kind).units.values()) {
    if (after.provenance.u[unit.name] === undefined) continue;
    const had = versionOf(before, unit.name) <= (link.decided[unit.name] ?? link.decidedVersion);
    const same = unit.fields.every((field) => isSame(before.values[field], after.values[field]));
    if (had && same) decided[unit.name] = after.version;
  }
  return { ...link, entityId: after.id, decidedVersion: 0, decided, images: unnumbered(link) };
}

export interface MovedBack {
  readonly link: StoredLink;
  /**
   * To what the remote was edited since the merge, to be decided for the record that it comes back to. Not the object as it was
   * last read: what we have written to it since stands in base alone (rule R17).
   */
  readonly edited: Values;
}

/**
 * A link back under the record that it had before a merge. What the remote shows as before, was decided as before. What a
 * write of ours has put there since is ours to change back; what else it shows is its own edit, and still to be judged.
 */
export function moveBack(
  link: StoredLink,
  kept: KeptLink,
  mapping: CompiledMapping | undefined,
  between: Entity,
  after: Entity,
  mergedAt: number,
): MovedBack {
  const base: Values = { ...link.base };
  const decided: { [unit: string]: number } = { ...viewVersions(link), ...ownVersions(kept) };
  const edited: { [key: string]: Values[string] } = {};
  for (const mapped of mapping?.units ?? []) {
    if (mapped.view !== undefined) continue;
    const then = pick(mapped.keys, kept.base as Values); // written by `keptLink` from a link's base
    const shown = pick(mapped.keys, lastShown(link));
    if (Object.keys(then).length === mapped.keys.length && sameTheirs(after.kind, mapped, shown, then)) continue;
    if (isOurs(link, mapped, shown, between, mergedAt)) {
      decided[mapped.unit] = agrees(after.kind, mapped, shown, after.values) ? after.version : 0;
      continue;
    }
    Object.assign(edited, shown);
    for (const key of mapped.keys) delete base[key];
    Object.assign(base, then);
  }
  const state = kept.state as Link["state"]; // written by `keptLink` from a link's state
  const back = { ...link, entityId: kept.entityId, state, base, decided, decidedVersion: kept.decidedVersion };
  return { link: { ...back, images: unnumbered(link) }, edited };
}

/**
 * The remote shows what the record says, and it was not the remote that said it. What the record said when it was merged, it
 * has from its own object there, where that is another one (`mergedAt`: its version then).
 */
function isOurs(link: Link, mapped: MappedUnit, shown: Values, record: Entity, mergedAt: number): boolean {
  const setter = setterInForce(record, mapped.unit);
  const isTheirs = setter?.connection === link.connection && setter.object === link.object;
  if (isTheirs && versionOf(record, mapped.unit) > mergedAt) return false;
  if (agrees(record.kind, mapped, shown, record.values)) return true;
  const pairs = link.renderings[mapped.unit]?.filter((pair) => pair.ignored !== true);
  return renderingOf(record.kind, mapped, pairs, shown, record.values) !== undefined;
}

/** Versions of the view count in the contact's numbers (rule R29), and contacts keep theirs. */
const viewVersions = ({ decided }: Pick<Link, "decided">): { [unit: string]: number } =>
  Object.fromEntries(Object.entries(decided).filter(([unit]) => primaryView.has(unit)));

const ownVersions = ({ decided }: KeptLink): { [unit: string]: number } =>
  Object.fromEntries(Object.entries(decided).filter(([unit]) => !primaryView.has(unit)));

/** Images of writes tell versions of the record that they were made of; under another one they tell values only. */
const unnumbered = ({ images }: Link): Link["images"] => images.map((image) => ({ ...image, versions: {} }));

const isSame = (a: Values[string] | undefined, b: Values[string] | undefined): boolean =>
  (isEmpty(a) && isEmpty(b)) || JSON.stringify(a) === JSON.stringify(b);
