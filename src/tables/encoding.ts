import iconv from "iconv-lite";
import { type Detected, decodeAs, detectEncoding, type Encoding, maybeSevenBit } from "../danish/encoding.ts";

/** What a file was found to be written in, with the other reading that plain ASCII leaves open. */
export interface FoundEncoding extends Detected {
  /** Bytes and letters fit Danish 7-bit text as well: only a person can tell. */
  readonly maybe?: "iso646-dk";
}

/** So much around bytes beyond ASCII is looked at. */
const SAMPLE_BYTES = 262_144;
const AROUND = 32;
const PIECE_BYTES = 65_536;

/**
 * Watches a file go by, chunk by chunk, and says at the end which encoding it is in, as `detectEncoding` does of a whole
 * text (domain notes, e.4): UTF-8 is proven over all of it, the DOS letters are looked for in what is not ASCII.
 */
export function encodingScout(): { see(chunk: Uint8Array): void; found(): FoundEncoding } {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const sample: Uint8Array[] = [];
  let sampled = 0;
  let isFirst = true;
  let isUtf8 = true;
  let marked: Detected | undefined;
  let start: Uint8Array = new Uint8Array(0);
  let sevenBit = false;

  const keep = (piece: Uint8Array): void => {
    if (sampled >= SAMPLE_BYTES) return;
    sample.push(piece.slice(0, SAMPLE_BYTES - sampled));
    sampled += piece.length;
  };
  // Looked at in larger pieces than a network may bring: what stands around a letter tells what it is.
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;

  const look = (): void => {
    const chunk = Buffer.concat(waiting, waitingBytes);
    waiting = [];
    waitingBytes = 0;
    if (chunk.length === 0) return;
    if (isFirst) {
      isFirst = false;
      const detected = detectEncoding(chunk.subarray(0, 4));
      if (detected.reason === "byte order mark") marked = detected;
      start = chunk.slice(0, 65_536);
    }
    if (isUtf8) {
      try {
        utf8.decode(chunk, { stream: true });
      } catch {
        isUtf8 = false; // the decoder's only way to say no
      }
    }
    for (let at = firstBeyond(chunk, 0); at !== -1 && sampled < SAMPLE_BYTES; ) {
      const end = Math.min(chunk.length, at + AROUND);
      keep(chunk.subarray(Math.max(0, at - AROUND), end));
      at = firstBeyond(chunk, end);
    }
    if (!sevenBit && sampled === 0) sevenBit = maybeSevenBit(chunk);
  };
  return {
    see(piece) {
      waiting.push(piece);
      waitingBytes += piece.length;
      if (waitingBytes >= PIECE_BYTES) look();
    },
    found() {
      look();
      if (marked !== undefined) return marked;
      if (isUtf8) {
        try {
          utf8.decode();
        } catch {
          isUtf8 = false; // it ends in the middle of a letter
        }
      }
      if (sampled === 0) return { ...detectEncoding(start), ...(sevenBit ? { maybe: "iso646-dk" as const } : {}) };
      if (isUtf8) return { encoding: "utf-8", isGuess: false, reason: "well-formed UTF-8" };
      const guessed = detectEncoding(joined(sample));
      // The sample may be well-formed by chance; the whole is not.
      return guessed.encoding === "utf-8"
        ? { encoding: "windows-1252", isGuess: true, reason: "neither UTF-8 nor DOS letters" }
        : guessed;
    },
  };
}

/** Pieces of the sample stand apart: letters of two places are no neighbours. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length + 1, 0)).fill(0x20);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length + 1;
  }
  return whole;
}

function firstBeyond(chunk: Uint8Array, from: number): number {
  for (let at = from; at < chunk.length; at += 1) if ((chunk[at] ?? 0) >= 0x80) return at;
  return -1;
}

/** Text of a stream of bytes; a letter that is cut in two by chunks comes out whole. The byte order mark is dropped. */
export async function* decodeStream(
  chunks: AsyncIterable<Uint8Array>,
  encoding: Encoding,
): AsyncGenerator<string, void, undefined> {
  if (encoding === "iso646-dk") {
    for await (const chunk of chunks) yield decodeAs(chunk, encoding);
    return;
  }
  const decoder = iconv.getDecoder(encoding, { stripBOM: true });
  for await (const chunk of chunks) {
    const text = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (text !== "") yield text;
  }
  const rest = decoder.end();
  if (rest !== undefined && rest !== "") yield rest;
}
