import { createHmac } from "node:crypto";

/** Headers of a signed message, by the Standard Webhooks specification, symmetric. */
export interface SignedHeaders {
  readonly "webhook-id": string;
  /** Seconds since 1970. */
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

/**
 * `secrets`: each `whsec_` and 24 to 64 bytes in base64; while one is changed for another the message is signed with both.
 * `id` is the same for every try of the same message.
 */
export function signedHeaders(secrets: string | readonly string[], id: string, at: Date, body: string): SignedHeaders {
  const seconds = Math.floor(at.getTime() / 1000);
  const sign = (secret: string): string =>
    `v1,${createHmac("sha256", keyOf(secret)).update(`${id}.${seconds}.${body}`).digest("base64")}`;
  return {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": (typeof secrets === "string" ? [secrets] : secrets).map(sign).join(" "),
  };
}

const keyOf = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ""), "base64");
