import iconv from "iconv-lite";
import { fault, type Reading, read, type Warning, warning } from "./result.ts";

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252" | "cp865" | "cp850" | "cp437" | "iso646-dk";

export interface Detected {
  readonly encoding: Encoding;
  /** False where bytes prove it: a byte order mark, or well-formed UTF-8 beyond ASCII. */
  readonly isGuess: boolean;
  readonly reason: string;
}

export interface Decoded extends Detected {
  readonly text: string;
  readonly warnings: readonly Warning[];
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const ASCII_LETTER = /^[A-Za-z]$/;
/** æ Æ ø Ø å Å in CP865 and CP850 alike. */
const DOS: { readonly [byte: number]: string } = { 145: "æ", 146: "Æ", 155: "ø", 157: "Ø", 134: "å", 143: "Å" };
const ISO646: { readonly [sign: string]: string } = { "{": "æ", "|": "ø", "}": "å", "[": "Æ", "\\": "Ø", "]": "Å" };
const TO_ISO646: { readonly [letter: string]: string } = Object.fromEntries(
  Object.entries(ISO646).map(([sign, letter]) => [letter, sign]),
);
/** What windows-1252 leaves undefined at the DOS bytes of Ø and Å comes out of readers as control characters. */
const UNDEFINED_1252: { readonly [letter: string]: number } = { "\u008f": 0x8f, "\u009d": 0x9d };
const SEVEN_BIT_DANISH = /[A-Za-z][{|}[\\\]][A-Za-z]/;

/**
 * Which encoding a file is in (domain notes, e.4): byte order mark, then well-formed UTF-8, then DOS letters between
 * ASCII letters, else windows-1252. CP865 and CP850 share the Danish letters, so CP865 stands for both; ISO 646-DK is
 * ASCII to a machine and never guessed.
 */
export function detectEncoding(bytes: Uint8Array): Detected {
  if (startsWith(bytes, [0xef, 0xbb, 0xbf])) return proven("utf-8", "byte order mark");
  if (startsWith(bytes, [0xff, 0xfe])) return proven("utf-16le", "byte order mark");
  if (startsWith(bytes, [0xfe, 0xff])) return proven("utf-16be", "byte order mark");
  const isAscii = bytes.every((byte) => byte < 0x80);
  if (isAscii) return { encoding: "utf-8", isGuess: true, reason: "ASCII only" };
  if (isUtf8(bytes)) return proven("utf-8", "well-formed UTF-8");
  if (hasDosLetters(bytes)) return { encoding: "cp865", isGuess: true, reason: "DOS letters between ASCII letters" };
  return { encoding: "windows-1252", isGuess: true, reason: "neither UTF-8 nor DOS letters" };
}

/** The text of a file. A given encoding is obeyed; a guessed one is told in a warning. */
export function decodeText(bytes: Uint8Array, encoding?: Encoding): Decoded {
  const detected: Detected =
    encoding === undefined ? detectEncoding(bytes) : { encoding, isGuess: false, reason: "given" };
  const text = decodeAs(bytes, detected.encoding);
  const isSevenBit = detected.reason === "ASCII only" && SEVEN_BIT_DANISH.test(text);
  if (isSevenBit)
    return { ...detected, text, warnings: [warning("encoding_guessed", "ASCII, or Danish 7-bit text (iso646-dk).")] };
  const isDoubtful = detected.isGuess && detected.reason !== "ASCII only";
  const told = warning("encoding_guessed", `Read as ${detected.encoding}: ${detected.reason}.`);
  return { ...detected, text, warnings: isDoubtful ? [told] : [] };
}

/** Are there signs between the letters of this ASCII text that Danish 7-bit text writes æ, ø and å with? */
export const maybeSevenBit = (bytes: Uint8Array): boolean => SEVEN_BIT_DANISH.test(iconv.decode(bytes, "ascii"));

export function decodeAs(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === "iso646-dk")
    return iconv.decode(bytes, "ascii").replace(/[{|}[\\\]]/g, (sign) => ISO646[sign] ?? sign);
  return iconv.decode(bytes, encoding);
}

/** The bytes of a text; a fault when a character has no byte there, which other writers turn into `?` without a word. */
export function encodeAs(text: string, encoding: Encoding): Reading<Uint8Array> {
  const bytes =
    encoding === "iso646-dk"
      ? iconv.encode(
          text.replace(/[æøåÆØÅ{|}[\\\]]/g, (letter) => TO_ISO646[letter] ?? "\u0080"),
          "ascii",
        )
      : iconv.encode(text, encoding);
  if (decodeAs(bytes, encoding) === text) return read(bytes);
  return fault("not_encodable", `The text has a character that ${encoding} does not have.`);
}

export interface Repair {
  readonly text: string;
  readonly was: "double-encoded" | "dos-as-1252";
}

/**
 * Undoes a wrong reading, only on proof: the whole text goes back to bytes and those are well-formed UTF-8
 * (`SÃ¸ren`), or every foreign sign in it is a DOS letter that stands between letters (`S›ren`). Else undefined.
 */
export function repairMojibake(text: string): Repair | undefined {
  const bytes = bytes1252(text);
  if (bytes === undefined || bytes.every((byte) => byte < 0x80)) return undefined;
  if (isUtf8(bytes)) return { text: utf8.decode(bytes), was: "double-encoded" };
  const isOnlyDos = bytes.every((byte) => byte < 0x80 || DOS[byte] !== undefined);
  if (!isOnlyDos || !hasDosLetters(bytes)) return undefined;
  return { text: [...bytes].map((byte) => DOS[byte] ?? String.fromCharCode(byte)).join(""), was: "dos-as-1252" };
}

/** Letters that Danish text is written with anyway: such a text needs no second look. */
const PLAIN = /^[\x20-\x5a\x5e-\x7aæøåÆØÅéüöäÉÜÖÄ]*$/;
const SEVEN_BIT_SMALL = /(?<=[A-Za-z])[{|}]|[{|}](?=[A-Za-z])/g;
const SEVEN_BIT_CAPITAL = /(?<=[A-Z])[[\\\]](?=[A-Z])|(?<![^\s])[[\\\]](?=[a-z])/g;
const BRACKETS = /\[[^\]]*\]|\{[^}]*\}/;

/**
 * A text with its letters mended as far as can be told (`SÃ¸ren`, `S›ren`, `S|ren`), for comparing. More than
 * `repairMojibake` dares: 7-bit signs beside letters are taken for letters, so the outcome is never stored.
 */
export function readableText(text: string): string {
  if (PLAIN.test(text)) return text;
  const mended = repairMojibake(text)?.text ?? text;
  if (BRACKETS.test(mended)) return mended;
  return mended
    .replace(SEVEN_BIT_SMALL, (sign) => ISO646[sign] ?? sign)
    .replace(SEVEN_BIT_CAPITAL, (sign) => ISO646[sign] ?? sign);
}

const proven = (encoding: Encoding, reason: string): Detected => ({ encoding, isGuess: false, reason });

const startsWith = (bytes: Uint8Array, mark: readonly number[]): boolean =>
  mark.every((byte, index) => bytes[index] === byte);

function isUtf8(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false; // the decoder's only way to say no
  }
}

/**
 * DOS letters between letters, and none of windows-1252's. 92 is the apostrophe there (`O’Neill`), so it counts
 * between capitals only, where more than one letter comes before it.
 */
function hasDosLetters(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => byte === 0xe5 || byte === 0xe6 || byte === 0xf8)) return false;
  return bytes.some((byte, index) => {
    if (DOS[byte] === undefined) return false;
    const [before, after] = [bytes[index - 1], bytes[index + 1]];
    if (byte !== 0x92) return isLetter(before) && isLetter(after);
    return isCapital(bytes[index - 2]) && isCapital(before) && isCapital(after);
  });
}

const isLetter = (byte: number | undefined): boolean =>
  byte !== undefined && (DOS[byte] !== undefined || ASCII_LETTER.test(String.fromCharCode(byte)));
const isCapital = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x41 && byte <= 0x5a;

/** The bytes that windows-1252 was read from; undefined when it cannot have been. */
function bytes1252(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  let index = 0;
  for (const letter of text) {
    const byte = letter < "\u0080" ? letter.charCodeAt(0) : (UNDEFINED_1252[letter] ?? byteOf(letter));
    if (byte === undefined) return undefined;
    bytes[index++] = byte;
  }
  return bytes.subarray(0, index);
}

function byteOf(letter: string): number | undefined {
  const encoded = iconv.encode(letter, "win1252");
  return encoded.length === 1 && encoded[0] !== 0x3f ? encoded[0] : undefined;
}
