import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { RejectedError } from "./errors.ts";

const MASK = "[secret]";
const SHORTEST_MASKED = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEAL_VERSION = "v1";
export const KEY_PREFIX = "kob_";

/** Knows the secrets of this process and masks them wherever text leaves it. */
export interface Redactor {
  /** From now on this text is masked. Texts under four characters are not: they would mask half of every line. */
  add(secret: string): void;
  mask(text: string): string;
}

export function redactor(): Redactor {
  const secrets = new Set<string>();
  let pattern: RegExp | undefined;
  return {
    add(secret) {
      if (secret.length < SHORTEST_MASKED) return;
      for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
        secrets.add(spelling);
      }
      const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
      pattern = new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
    },
    mask: (text) => (pattern ? text.replace(pattern, MASK) : text),
  };
}

export interface Sealer {
  /** AES-256-GCM; a fresh nonce each time, so the same text never reads the same. */
  seal(text: string): string;
  /** Throws RejectedError `seal_broken` when the text was changed or sealed with another key. */
  open(sealed: string): string;
}

/** Seals secrets at rest with a key derived (HKDF-SHA-256) from one secret; `purpose` keeps keys of different uses apart. */
export function sealer(secret: string, purpose: string): Sealer {
  const key = Buffer.from(hkdfSync("sha256", secret, "kobling", purpose, 32));
  return {
    seal(text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return `${SEAL_VERSION}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")}`;
    },
    open(sealed) {
      const [version, packed] = sealed.split(".");
      const bytes = Buffer.from(packed ?? "", "base64url");
      if (version !== SEAL_VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) throw brokenSeal();
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      try {
        const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
        return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
      } catch (cause) {
        throw brokenSeal(cause);
      }
    },
  };
}

const brokenSeal = (cause?: unknown) =>
  new RejectedError("seal_broken", "A sealed secret cannot be opened with the key of this installation", { cause });

/** Compares in a time that tells nothing about where the texts differ, nor how long either is. */
export const equalSecrets = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));

const digest = (text: string) => createHash("sha256").update(text).digest();

/** A new API key: 256 random bits behind a prefix that secret scanners can look for. */
export const newKey = (): string => `${KEY_PREFIX}${randomBytes(32).toString("base64url")}`;

/** What is stored of an API key. Plain SHA-256 is enough: the key has 256 random bits, nobody can guess it. */
export const hashKey = (key: string): string => createHash("sha256").update(key).digest("base64url");
