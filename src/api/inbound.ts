import { z } from "@hono/zod-openapi";
import type { Envelope } from "../pipelines/receive.ts";
import type { Gateway, ReceivedFrom, Refused } from "./gateway.ts";
import { readLines } from "./ndjson.ts";
import { Problem } from "./problems.ts";
import { faultsOf } from "./validation.ts";

/** One change as an ERP sends it (rules R5, R21). */
export const envelopeSchema = z
  .strictObject({
    externalId: z.string().min(1).max(200),
    data: z.record(z.string(), z.unknown()).optional().openapi({ description: "The object in the ERP's own shape." }),
    deleted: z.boolean().optional(),
    eventId: z.string().min(1).max(255).optional(),
    counter: z.int().min(0).optional().openapi({ description: "Rises with every change of the object." }),
    lastDelivery: z.int().min(0).optional().openapi({ description: "The last delivery applied." }),
    changedAt: z.iso.datetime({ offset: true }).optional(),
    version: z.string().min(1).max(255).optional(),
  })
  .openapi("InboundEnvelope");

export interface Rejected {
  readonly line: number;
  readonly code: string;
  readonly detail: string;
}

/** Counts of one push. */
export interface Push {
  kept: number;
  repeats: number;
  rejectedCount: number;
  /** The first thousand of them. */
  rejected: Rejected[];
  /** The last line that was dealt with: what is behind it must be sent again. */
  lastLine: number;
}

export const BATCH = 500;
const LISTED = 1000;

/**
 * Takes a push of any length, 500 at a time; each batch is committed before the next is read, so a slow store holds the
 * sender back. Before every batch it is asked whether there is room: when not, a problem says what was kept so far.
 */
export async function takePush(
  gateway: Gateway,
  from: ReceivedFrom,
  items: AsyncIterable<readonly Item[]>,
): Promise<Push> {
  const push: Push = { kept: 0, repeats: 0, rejectedCount: 0, rejected: [], lastLine: 0 };
  await assertRoom(gateway, from.connection, push);
  let batch: { line: number; envelope: Envelope }[] = [];
  let seen = 0;

  const reject = ({ line, code, detail }: Rejected) => {
    push.rejectedCount += 1;
    if (push.rejected.length < LISTED) push.rejected.push({ line, code, detail });
  };
  const flush = async () => {
    if (batch.length > 0) {
      await assertRoom(gateway, from.connection, push);
      const received = await gateway.receive(
        from,
        batch.map(({ envelope }) => envelope),
      );
      push.kept += received.kept;
      push.repeats += received.repeats;
      for (const refused of received.refused) reject(rejectedOf(refused, batch));
    }
    batch = [];
    push.lastLine = seen;
  };

  try {
    for await (const some of items) {
      for (const item of some) {
        seen = item.line;
        if ("envelope" in item) batch.push(item);
        else reject(item);
        if (batch.length >= BATCH) await flush();
      }
    }
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
    // What came whole is kept, even when nobody is left to hear it.
    await flush();
    throw new Problem(400, "connection_lost", { extra: { ...push }, cause: error });
  }
  await flush();
  push.rejected.sort((a, b) => a.line - b.line);
  return push;
}

/** An envelope, or why the line is none. */
export type Item = { readonly line: number; readonly envelope: Envelope } | Rejected;

/** The body ended before its end. */
class CutOff extends Error {
  override readonly name = "CutOff";
}

async function* cutOff(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    throw new CutOff("The body broke off", { cause });
  }
}

/** Lines of NDJSON as items; empty lines are none. */
export async function* itemsOfLines(body: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Item[]> {
  for await (const lines of readLines(cutOff(body), maxBytes)) {
    const items: Item[] = [];
    for (const { number, text } of lines) {
      if (text === undefined) {
        items.push({ line: number, code: "too_long", detail: `The line is longer than ${maxBytes} bytes` });
      } else if (text.trim() !== "") items.push(itemOf(number, parseLine(text)));
    }
    yield items;
  }
}

/** One object or an array of them; the line is the place in the array, from 1. */
export async function* itemsOfJson(text: string): AsyncGenerator<Item[]> {
  const parsed = parseLine(text);
  if (parsed === NOT_JSON) throw new Problem(400, "invalid_json");
  yield (Array.isArray(parsed) ? parsed : [parsed]).map((each, index) => itemOf(index + 1, each));
}

const NOT_JSON = Symbol("not JSON");

function parseLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_JSON; // told with its line number; the parser's message would quote the line
  }
}

function itemOf(line: number, value: unknown): Item {
  if (value === NOT_JSON) return { line, code: "invalid_json", detail: "The line is not JSON" };
  const parsed = envelopeSchema.safeParse(value);
  if (!parsed.success) return { line, code: "bad_shape", detail: wordsOf(parsed.error.issues) };
  const envelope = parsed.data as Envelope; // zod's optional members are `| undefined`; JSON has no undefined
  if (envelope.data === undefined && envelope.deleted !== true) {
    return { line, code: "bad_shape", detail: "/data: missing, and the object is not deleted" };
  }
  return { line, envelope };
}

const wordsOf = (issues: readonly z.core.$ZodIssue[]) =>
  faultsOf(issues)
    .map(({ pointer, code, facts }) => [pointer || "/", code, ...Object.values(facts ?? {})].join(" "))
    .slice(0, 5)
    .join("; ");

function rejectedOf(refused: Refused, batch: readonly { readonly line: number }[]): Rejected {
  return { line: batch[refused.index]?.line ?? 0, code: refused.code, detail: refused.detail };
}

async function assertRoom(gateway: Gateway, connection: string, push: Push): Promise<void> {
  const pressure = await gateway.backpressure(connection);
  if (pressure === null) return;
  throw new Problem(pressure.code === "disk_full" ? 503 : 429, pressure.code, {
    extra: { ...push },
    headers: { "retry-after": String(Math.max(1, Math.ceil(pressure.retryAfterMs / 1000))) },
  });
}
