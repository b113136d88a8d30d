import { createHmac, timingSafeEqual } from "node:crypto";

/** Is a message signed so? As a receiver checks it, from the specification (Standard Webhooks, symmetric). */
export function isSigned(secret: string, headers: Readonly<Record<string, unknown>>, body: string): boolean {
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const expected = Buffer.from(createHmac("sha256", key).update(signed).digest("base64"));
  const [version, signature = ""] = String(headers["webhook-signature"]).split(",");
  const given = Buffer.from(signature);
  return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
}
