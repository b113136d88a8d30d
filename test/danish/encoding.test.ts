import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeAs,
  decodeText,
  detectEncoding,
  type Encoding,
  encodeAs,
  repairMojibake,
} from "../../src/danish/encoding.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replace(/ /g, ""), "hex"));
const inEncoding = (text: string, encoding: Encoding): Uint8Array => {
  const reading = encodeAs(text, encoding);
  if (!reading.ok) throw new Error(reading.detail);
  return reading.value;
};

// Vectors: Kobling domain notes, section e.4; computed.
test.each<[Encoding, string]>([
  ["utf-8", "c3a6 c3b8 c3a5 c386 c398 c385"],
  ["windows-1252", "e6 f8 e5 c6 d8 c5"],
  ["cp865", "91 9b 86 92 9d 8f"],
  ["cp850", "91 9b 86 92 9d 8f"],
  ["iso646-dk", Buffer.from("{|}[\\]").toString("hex")],
])("the Danish letters in %s", (encoding, hex) => {
  expect(decodeAs(bytes(hex), encoding)).toBe("æøåÆØÅ");
  expect(encodeAs("æøåÆØÅ", encoding)).toMatchObject({ ok: true });
  expect(Buffer.from(inEncoding("æøåÆØÅ", encoding)).toString("hex")).toBe(hex.replace(/ /g, ""));
});

test("what an encoding does not have is a fault, not a question mark", () => {
  expect(encodeAs("Sønner", "cp437")).toMatchObject({ ok: false, code: "not_encodable" });
  expect(encodeAs("5 €", "cp865")).toMatchObject({ ok: false, code: "not_encodable" });
  expect(encodeAs("a{b", "iso646-dk")).toMatchObject({ ok: false, code: "not_encodable" });
  expect(encodeAs("5 €", "windows-1252")).toMatchObject({ ok: true });
});

test.each<[Encoding, string, boolean]>([
  ["utf-8", "Rødgrød med fløde", false],
  ["cp865", "Rødgrød med fløde på bådværft", true],
  ["windows-1252", "Rødgrød med fløde på bådværft", true],
  ["utf-8", "plain", true],
])("a text in %s is detected: %s", (encoding, text, isGuess) => {
  const found = decodeText(inEncoding(text, encoding));
  expect(found).toMatchObject({ text, encoding, isGuess });
});

test("a byte order mark decides", () => {
  expect(decodeText(bytes("efbbbf c3b8"))).toMatchObject({ text: "ø", encoding: "utf-8", isGuess: false });
  expect(decodeText(bytes("fffe f800"))).toMatchObject({ text: "ø", encoding: "utf-16le" });
});

test("a typographic apostrophe does not make a text a DOS text", () => {
  expect(detectEncoding(inEncoding("Peter’s Café, O’Neill, O’NEILL", "windows-1252")).encoding).toBe("windows-1252");
});

test("a guess is told, and a given encoding is obeyed", () => {
  expect(decodeText(inEncoding("Sønner", "cp865")).warnings).toMatchObject([{ code: "encoding_guessed" }]);
  expect(decodeText(inEncoding("f|lgende N}r", "utf-8")).warnings).toMatchObject([{ code: "encoding_guessed" }]);
  expect(decodeText(inEncoding("f|lgende N}r", "utf-8"), "iso646-dk")).toMatchObject({
    text: "følgende Når",
    isGuess: false,
    warnings: [],
  });
});

test.each([
  ["Ã¸Ã¦Ã¥", "øæå", "double-encoded"],
  ["SÃ¸ren Ã…gÃ¥rd", "Søren Ågård", "double-encoded"],
  ["‘›†", "æøå", "dos-as-1252"],
  ["S›ren Bl†b‘r", "Søren Blåbær", "dos-as-1252"],
])("%s was misread and is %s", (wrong, text, was) => {
  expect(repairMojibake(wrong)).toEqual({ text, was });
});

test.each(["Søren", "plain", "O’Neill", "“Café”", "SÃ¸ren og Åse", "日本", ""])(
  "%s is left alone: no proof",
  (text) => {
    expect(repairMojibake(text)).toBeUndefined();
  },
);

test("what was read wrongly as windows-1252 is repaired to what it was", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zæøåÆØÅ]{0,8}[æøåÆØÅ][a-zæøåÆØÅ ]{0,8}$/), (text) => {
      const wrong = Buffer.from(text, "utf8").toString("latin1");
      const seen = wrong.replace(/[\u0080-\u009f]/g, (sign) =>
        decodeAs(bytes(sign.charCodeAt(0).toString(16)), "windows-1252"),
      );
      if (!seen.includes("\ufffd")) expect(repairMojibake(seen)).toEqual({ text, was: "double-encoded" });
    }),
  );
});

test("what can be encoded is read back as itself", () => {
  const encodings = fc.constantFrom<Encoding>("utf-8", "windows-1252", "cp865", "cp850", "cp437", "iso646-dk");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), encodings, (text, encoding) => {
      const encoded = encodeAs(text, encoding);
      if (encoded.ok) expect(decodeAs(encoded.value, encoding)).toBe(text);
    }),
  );
});
