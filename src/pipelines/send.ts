import type { WriteAnswer } from "../connectors/connector.ts";
import { RetryableError, StaleError, UncertainError } from "../lib/errors.ts";
import { recordWindows } from "../store/connections.ts";
import type { Deps } from "./deps.ts";
import { eachAtOnce } from "./each.ts";
import type { Attempt } from "./prepare.ts";

export interface SendResult {
  readonly attempt: Attempt;
  readonly answer?: WriteAnswer;
  /** The object as it stands after the write, where the answer itself did not show it: a later read (rule R17). */
  readonly readLater?: boolean;
  readonly error?: Error;
}

/**
 * Sends attempts, a bounded number at once; keeps the order within a record, since one link has one attempt in flight. None
 * leaves after `lastAt` (of `performance.now()`): its lease could end before its answer, and another worker write before it
 * (rule R18).
 */
export async function send(
  deps: Deps,
  connection: string,
  attempts: readonly Attempt[],
  lastAt = Number.POSITIVE_INFINITY,
): Promise<SendResult[]> {
  if (attempts.length === 0) return [];
  const client = deps.clientOf(connection);
  const connector = deps.connectorOf(connection);
  const results: SendResult[] = [];
  const windows: number[] = [];
  await eachAtOnce(
    deps,
    connection,
    attempts,
    async (attempt) => {
      if (performance.now() > lastAt) throw new RetryableError("busy", "The lease ends too soon for another request");
      const { object, createKey } = attempt.delivery;
      const write = {
        body: attempt.body,
        image: attempt.image,
        ...(connector.lock !== "none" && attempt.precondition !== undefined
          ? { precondition: attempt.precondition }
          : {}),
        ...(createKey === null ? {} : { idempotencyKey: createKey }),
      };
      if (attempt.readAt !== null) windows.push(Math.max(0, Date.now() - attempt.readAt));
      const answer =
        attempt.externalId === null
          ? await client.create(object, write)
          : await client.update(object, attempt.externalId, write);
      if (answer.object !== undefined) {
        results.push({ attempt, answer });
        return;
      }
      const read = await client.get(object, answer.externalId).catch((cause: unknown) => {
        // The write has gone through; only what came of it is not known.
        throw new UncertainError("connection_lost", "The object could not be read after it was written", { cause });
      });
      if ("gone" in read) throw new StaleError("version_moved", "The object was gone right after it was written");
      results.push({ attempt, answer: { ...answer, object: read.object, times: read.times }, readLater: true });
    },
    (attempt, error) => results.push({ attempt, error }),
  );
  await recordWindows(deps.db.sql, connection, windows);
  return results;
}
