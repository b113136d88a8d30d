import { hash } from "node:crypto";

/**
 * Hash of a JSON value that does not depend on the order of keys: 27 characters of base64url. SHA-1 because it is the
 * fastest that node:crypto has for short texts; it tells repeats apart, it does not protect anything.
 */
export const contentHash = (value: unknown): string => hash("sha1", canonicalJson(value), "base64url");

/** JSON with sorted keys and no spaces. Like JSON.stringify it leaves out what is undefined; `undefined` itself is `null`. */
export function canonicalJson(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (hasToJson(value)) return canonicalJson(value.toJSON());
  const record = value as { readonly [key: string]: unknown }; // a non-null object that is no array
  let text = "";
  for (const key of Object.keys(record).sort()) {
    const part = record[key];
    if (part === undefined || typeof part === "function" || typeof part === "symbol") continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(part)}`;
  }
  return `{${text}}`;
}

const hasToJson = (value: object): value is { toJSON(): unknown } =>
  "toJSON" in value && typeof value.toJSON === "function";
