import type { MappedUnit } from "../mappings/mapping.ts";
import type { EntityKind, Values } from "../model/catalogue.ts";
import type { Link, SentImage } from "./record.ts";
import { sameTheirs } from "./unit-values.ts";

/**
 * Our own write coming back (rule R13): theirs equals a value sent since the link's last settle, or one of an attempt
 * that was uncertain or withdrawn. The newest such image is named.
 */
export function ownWrite(link: Link, kind: EntityKind, mapped: MappedUnit, theirs: Values): SentImage | undefined {
  for (let at = link.images.length - 1; at >= 0; at -= 1) {
    const image = link.images[at];
    if (image === undefined) continue;
    const sent = mapped.keys.some((key) => image.values[key] !== undefined);
    if (sent && sameTheirs(kind, mapped, theirs, image.values)) return image;
  }
  return undefined;
}

/** The image outlived its settle: a write that we gave up on arrived after all. */
export const isLate = (image: SentImage, now: number): boolean => image.until !== undefined && image.until > now;

/** Images that still count: unsettled ones, and late ones whose longest delay has not passed. */
export const livingImages = (images: readonly SentImage[], now: number): readonly SentImage[] =>
  images.some((image) => image.until !== undefined && image.until <= now)
    ? images.filter((image) => image.until === undefined || image.until > now)
    : images;
