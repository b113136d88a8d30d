import { importPKCS8, SignJWT } from "jose";
import { z } from "zod";
import { ConnectionError, KoblingError } from "../../lib/errors.ts";
import { httpClient } from "../../lib/http.ts";
import type { ConnectDeps } from "../connector.ts";
import type { Settings } from "./settings.ts";

const SCOPE = "https://www.googleapis.com/auth/datamanager";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TIMEOUT_MS = 15_000;
/** Renewed before it runs out under way. */
const EARLY_MS = 60_000;

const tokenSchema = z.looseObject({ access_token: z.string().min(1), expires_in: z.number() });

/** A new access token for a service account (RFC 7523). Throws ConnectionError `bad_credentials`, RetryableError. */
export async function signIn(
  { serviceAccount, tokenUrl }: Pick<Settings, "serviceAccount" | "tokenUrl">,
  { clock }: Pick<ConnectDeps, "clock">,
): Promise<{ token: string; expiresAt: Date }> {
  const seconds = Math.floor(clock.now().getTime() / 1000);
  const assertion = await assertionOf(serviceAccount, tokenUrl, seconds);
  const { origin, pathname } = new URL(tokenUrl);
  const http = httpClient({ baseUrl: origin, timeoutMs: TIMEOUT_MS, clock });
  try {
    const answer = await http.request({
      ...{ method: "POST", template: "POST token", path: pathname, reads: true, expect: [400, 401] },
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ grant_type: GRANT, assertion }).toString(),
    });
    const parsed = tokenSchema.safeParse(answer.status < 300 ? answer.json() : undefined);
    if (!parsed.success) throw new ConnectionError("bad_credentials", "Google does not accept the service account");
    const expiresAt = new Date(clock.now().getTime() + parsed.data.expires_in * 1000 - EARLY_MS);
    return { token: parsed.data.access_token, expiresAt };
  } finally {
    await http.close();
  }
}

async function assertionOf(account: Settings["serviceAccount"], audience: string, seconds: number): Promise<string> {
  try {
    const key = await importPKCS8(account.privateKey, "RS256");
    return await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: "RS256", typ: "JWT" })
      .setIssuer(account.email)
      .setAudience(audience)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + 3600)
      .sign(key);
  } catch (error) {
    if (error instanceof KoblingError) throw error;
    // The cause may quote the key, so it is not kept.
    throw new ConnectionError("bad_credentials", "The service account's private key cannot be read as PEM (PKCS #8)");
  }
}
