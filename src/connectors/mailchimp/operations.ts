import { createHash } from "node:crypto";
import type { AudienceBatch } from "../audience.ts";
import type { Settings } from "./settings.ts";

/** One request of a batch, as `POST /batches` takes it. */
export interface Operation {
  readonly method: "PUT" | "POST";
  readonly path: string;
  readonly operation_id: string;
  readonly body: string;
  readonly params?: Readonly<Record<string, string | boolean>>;
}

/** A member's id at Mailchimp. */
export const memberHash = (address: string): string => createHash("md5").update(address.toLowerCase()).digest("hex");

/** The tag that stands for a campaign; two campaigns of one name have two. */
export const tagOf = ({ id, name }: AudienceBatch["campaign"]): string => `${name.slice(0, 80)} (${id.slice(-8)})`;

/**
 * Makes members that are not there yet. Only `status_if_new` is sent, never `status`: who has unsubscribed stays so (rule R23).
 * `operation_id` is the place among the adds.
 */
export const memberOperations = (settings: Settings, { adds }: AudienceBatch): Operation[] =>
  adds.map(({ key, address, navn }, place) => ({
    ...{ method: "PUT", path: `/lists/${settings.list}/members/${memberHash(key)}`, operation_id: String(place) },
    params: { skip_merge_validation: true },
    body: JSON.stringify({
      ...{ email_address: address, status_if_new: "subscribed" },
      ...(navn === null ? {} : { merge_fields: { [settings.nameField]: navn } }),
    }),
  }));

/** Puts the tag on those who were taken, and takes it from those who go out. */
export function tagOperations(
  settings: Settings,
  { campaign, adds, removes }: AudienceBatch,
  isTaken: (place: number) => boolean,
): Operation[] {
  const name = tagOf(campaign);
  const tag = (key: string, status: "active" | "inactive", id: string): Operation => ({
    ...{ method: "POST", path: `/lists/${settings.list}/members/${memberHash(key)}/tags`, operation_id: id },
    body: JSON.stringify({ tags: [{ name, status }], is_syncing: true }),
  });
  return [
    ...adds.flatMap(({ key }, place) => (isTaken(place) ? [tag(key, "active", `a${place}`)] : [])),
    ...removes.map(({ key }, place) => tag(key, "inactive", `r${place}`)),
  ];
}
