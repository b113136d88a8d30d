import { createHash } from "node:crypto";

/**
 * An address as Google matches it: trimmed, in lower case, at gmail.com and googlemail.com without dots before the @, then
 * SHA-256 in hexadecimal. Google never gets the address itself.
 */
export function hashedEmail(address: string): string {
  const given = address.trim().toLowerCase();
  const at = given.lastIndexOf("@");
  const [local, host] = [given.slice(0, at), given.slice(at + 1)];
  const isGmail = host === "gmail.com" || host === "googlemail.com";
  return createHash("sha256")
    .update(isGmail ? `${local.replaceAll(".", "")}@${host}` : given)
    .digest("hex");
}
