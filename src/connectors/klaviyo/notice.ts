import { createHmac, timingSafeEqual } from "node:crypto";
import { RejectedError } from "../../lib/errors.ts";
import type { AudienceNotice } from "../audience.ts";
import type { Settings } from "./settings.ts";

const TOLERANCE_MS = 5 * 60_000;

/**
 * A genuine notice says that there is something to read: what it holds is not in the vendor's document, so it is read there.
 * Signed is the raw body followed by the timestamp. Throws RejectedError `not_allowed`.
 */
export function readNotice({ webhookSecret }: Settings, { headers, body }: AudienceNotice, now: Date): "read" {
  const stamp = headers["klaviyo-timestamp"] ?? "";
  const seconds = Number(stamp);
  const at = /^\d+$/.test(stamp) ? (seconds > 1e11 ? seconds : seconds * 1000) : Date.parse(stamp);
  const isOfNow = Math.abs(now.getTime() - at) < TOLERANCE_MS;
  if (webhookSecret === undefined || !isOfNow || !isSigned(webhookSecret, body + stamp, headers["klaviyo-signature"]))
    throw new RejectedError("not_allowed", "The notice is not signed by Klaviyo with the secret of this connection", {
      context: { field: "signature" },
    });
  return "read";
}

function isSigned(secret: string, signed: string, given = ""): boolean {
  const expected = createHmac("sha256", secret).update(signed).digest();
  const shown = Buffer.from(given, "hex");
  return shown.length === expected.length && timingSafeEqual(shown, expected);
}
