/** A line of a stream; `text` undefined: it was longer than allowed, its bytes were dropped. */
export interface Line {
  /** From 1; empty lines count. */
  readonly number: number;
  readonly text: string | undefined;
}

const NEWLINE = 10;

/**
 * Lines of a body of any length, split by hand since it is the fastest way and holds one chunk only. A last line without
 * a line break is a line. UTF-8; a carriage return before the line break belongs to it.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line[]> {
  let number = 0;
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let dropped = false;

  const finish = (tail: Uint8Array): Line => {
    number += 1;
    const isTooLong = dropped || restBytes + tail.length > maxBytes;
    const text = isTooLong ? undefined : decodeLine(rest, tail);
    rest = [];
    restBytes = 0;
    dropped = false;
    return { number, text };
  };

  for await (const chunk of body) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      lines.push(finish(chunk.subarray(from, end)));
      from = end + 1;
    }
    const tail = chunk.subarray(from);
    if (restBytes + tail.length > maxBytes) {
      dropped = true;
      rest = [];
      restBytes = 0;
    } else if (tail.length > 0 && !dropped) {
      rest.push(tail);
      restBytes += tail.length;
    }
    if (lines.length > 0) yield lines;
  }
  if (restBytes > 0 || dropped) yield [finish(new Uint8Array(0))];
}

function decodeLine(parts: readonly Uint8Array[], tail: Uint8Array): string {
  const bytes = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
  const end = bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length;
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString("utf8");
}
