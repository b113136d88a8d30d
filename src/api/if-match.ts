import { Problem } from "./problems.ts";

/** The strong ETag of a version. */
export const etagOf = (version: number): string => `"${version}"`;

/**
 * The version that `If-Match` names (RFC 9110, 13.1.1: strong comparison, a weak tag never matches); undefined without
 * the header or with `*`. With a tag that is not of `current`: 412 with the version the record has now.
 */
export function matchVersion(header: string | undefined, current: number): number | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const tags = header.split(",").map((tag) => tag.trim());
  if (!tags.includes(etagOf(current))) {
    throw new Problem(412, "version_moved", {
      extra: { currentVersion: current },
      headers: { etag: etagOf(current) },
    });
  }
  return current;
}
