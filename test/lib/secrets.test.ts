import fc from "fast-check";
import { expect, test } from "vitest";
import { equalSecrets, hashKey, newKey, redactor, sealer } from "../../src/lib/secrets.ts";

test("a registered secret is masked however it is spelled in the text", () => {
  const masking = redactor();
  masking.add('to/ken"7');
  expect(masking.mask('GET /api/to/ken"7/x')).toBe("GET /api/[secret]/x");
  expect(masking.mask("GET /api?t=to%2Fken%227")).toBe("GET /api?t=[secret]");
  expect(masking.mask(JSON.stringify({ note: 'to/ken"7' }))).toBe('{"note":"[secret]"}');
});

test("no registered secret survives masking", () => {
  const secret = fc.string({ minLength: 4, maxLength: 40 }).filter((text) => !"[secret]".includes(text));
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (hidden, before, after) => {
      const masking = redactor();
      masking.add(hidden);
      expect(masking.mask(`${before}${hidden}${after}`)).toContain("[secret]");
    }),
  );
});

test("a longer secret is masked whole though a shorter one begins it", () => {
  const masking = redactor();
  masking.add("abcd");
  masking.add("abcdefgh");
  expect(masking.mask("abcdefgh")).toBe("[secret]");
});

test("what was sealed opens with the same secret and purpose only", () => {
  const tokens = sealer("installation secret", "tokens");
  fc.assert(fc.property(fc.string(), (text) => tokens.open(tokens.seal(text)) === text));
  expect(tokens.seal("same")).not.toBe(tokens.seal("same"));
  const broken = expect.objectContaining({ name: "RejectedError", code: "seal_broken" });
  expect(() => sealer("another secret", "tokens").open(tokens.seal("x"))).toThrow(broken);
  expect(() => sealer("installation secret", "keys").open(tokens.seal("x"))).toThrow(broken);
});

test("a sealed text that was changed anywhere does not open", () => {
  const sealed = sealer("installation secret", "tokens");
  const text = sealed.seal("token");
  const bytes = Buffer.from(text.slice(3), "base64url");
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => sealed.open(`v1.${changed.toString("base64url")}`)).toThrow(
      expect.objectContaining({ code: "seal_broken" }),
    );
  }
  expect(() => sealed.open("nonsense")).toThrow(expect.objectContaining({ code: "seal_broken" }));
});

test("a new key has 256 bits behind its prefix, and its hash is not the key", () => {
  const key = newKey();
  expect(key).toMatch(/^kob_[\w-]{43}$/);
  expect(newKey()).not.toBe(key);
  expect(hashKey(key)).toMatch(/^[\w-]{43}$/);
  expect(key).not.toContain(hashKey(key));
});

test("secrets compare as equal only when they are, whatever their lengths", () => {
  expect(equalSecrets("kob_a", "kob_a")).toBe(true);
  expect(equalSecrets("kob_a", "kob_b")).toBe(false);
  expect(equalSecrets("kob_a", "kob_abc")).toBe(false);
});
