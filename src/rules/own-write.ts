import type { MappedUnit } from "../mappings/mapping.ts";
import type { EntityKind, Values } from "../model/catalogue.ts";
import type { Link, SentImage } from "./record.ts";
import { looselyAgrees, sameTheirs, withSent } from "./unit-values.ts";

/**
 * Our own write coming back (rule R13): theirs equals a value sent since the link's last settle, or one of an attempt
 * that was uncertain or withdrawn. The newest such image is named.
 */
export function ownWrite(link: Link, kind: EntityKind, mapped: MappedUnit, theirs: Values): SentImage | undefined {
  for (let at = link.images.length - 1; at >= 0; at -= 1) {
    const image = link.images[at];
    if (image === undefined) continue;
    if (!mapped.keys.some((key) => image.values[key] !== undefined && theirs[key] !== undefined)) continue;
    if (sameTheirs(kind, mapped, theirs, image.values) && untouchedBeside(link, kind, mapped, theirs, image))
      return image;
  }
  return undefined;
}

/**
 * What a remote makes of a write of which nobody knew whether it arrived, in the first reading after it: loosely equal to
 * what was sent, and not what stood there before (rule R17).
 */
export function renderedWrite(link: Link, kind: EntityKind, mapped: MappedUnit, theirs: Values): SentImage | undefined {
  if (link.images.length === 0 || mapped.token || mapped.assignedByRemote) return undefined;
  if (sameTheirs(kind, mapped, theirs, withSent(mapped, link.base, {}))) return undefined;
  return link.images.findLast((image) => {
    const sent = mapped.keys.filter((key) => image.values[key] !== undefined);
    if (image.until === undefined || sent.length === 0 || sent.some((key) => theirs[key] === undefined)) return false;
    const beside = { ...mapped, keys: mapped.keys.filter((key) => image.values[key] === undefined) };
    return (
      looselyAgrees(kind, { ...mapped, keys: sent }, theirs, image.values) &&
      sameTheirs(kind, beside, theirs, withSent(mapped, link.base, {}))
    );
  });
}

/**
 * A push that left before a write of ours was applied and reached us after its bare receipt: it shows of the unit what
 * stood there before (rule R21). That is no edit, and it says nothing of what stands there now.
 */
export function fromBefore(link: Link, kind: EntityKind, mapped: MappedUnit, theirs: Values): boolean {
  return link.images.some(({ before }) => {
    const keys = before === undefined ? [] : mapped.keys.filter((key) => before[key] !== undefined);
    if (before === undefined || keys.length === 0 || keys.some((key) => theirs[key] === undefined)) return false;
    return (
      sameTheirs(kind, { ...mapped, keys }, theirs, before) &&
      !sameTheirs(kind, mapped, theirs, withSent(mapped, link.base, {}))
    );
  });
}

/** Keys of the group that were not sent still read as before: else somebody edited the group, and it is one value (R2). */
function untouchedBeside(link: Link, kind: EntityKind, mapped: MappedUnit, theirs: Values, image: SentImage): boolean {
  if (mapped.keys.every((key) => image.values[key] !== undefined)) return true;
  return sameTheirs(kind, mapped, theirs, withSent(mapped, link.base, image.values));
}

/** The image outlived its settle: a write that we gave up on arrived after all. */
export const isLate = (image: SentImage, now: number): boolean => image.until !== undefined && image.until > now;

/**
 * Images that still count: unsettled ones, for as long as no reading has judged them, and those that outlived their settle
 * until their longest delay has passed.
 */
export function livingImages(images: readonly SentImage[], now: number): readonly SentImage[] {
  const isOver = ({ until, settled }: SentImage): boolean => settled === true && until !== undefined && until <= now;
  return images.some(isOver) ? images.filter((image) => !isOver(image)) : images;
}
