import type { CallTimes, Gone, RemoteObject } from "../connectors/connector.ts";
import { ConnectionError, RetryableError } from "../lib/errors.ts";
import type { Delivery } from "../store/deliveries.ts";
import { loadWriteCounts } from "../store/links.ts";
import type { FoundCreates } from "./creates.ts";
import { databaseTimes } from "./database-times.ts";
import type { Deps } from "./deps.ts";
import { eachAtOnce } from "./each.ts";

/** What stood at the remote right before a write, or why it could not be read. */
export interface ReadBefore {
  /** By delivery id. */
  readonly shown: ReadonlyMap<
    number,
    {
      readonly object: RemoteObject | null;
      readonly gone: Gone | null;
      readonly times: CallTimes;
      readonly writeCount: number;
    }
  >;
  readonly failed: ReadonlyMap<number, Error>;
  readonly created: FoundCreates;
  /** Times of these calls by the database's clock. */
  readonly timesOf: Awaited<ReturnType<typeof databaseTimes>>;
}

/**
 * Reads each object again right before it is written, where the remote has no lock, and always after an attempt whose
 * outcome is unknown, or that the lock refused, or where no version is known for the lock (rules R18, R20). Write counts are taken before the requests (rule R6).
 */
export async function readBefore(
  deps: Deps,
  connection: string,
  leases: readonly Delivery[],
  created: FoundCreates,
): Promise<ReadBefore> {
  const connector = deps.connectorOf(connection);
  const shown = new Map<
    number,
    { object: RemoteObject | null; gone: Gone | null; times: CallTimes; writeCount: number }
  >();
  const failed = new Map<number, Error>(created.failed);
  const wanted = leases.filter(
    (lease) =>
      lease.externalId !== null &&
      (connector.lock === "none" ||
        lease.wasUncertain ||
        lease.wasStale ||
        lease.isVersionUnknown ||
        lease.attemptId !== null),
  );
  if (wanted.length === 0) return { shown, failed, created, timesOf: await databaseTimes(deps.db.sql) };
  const counts = await loadWriteCounts(
    deps.db.sql,
    wanted.flatMap((lease) => lease.linkId ?? []),
  );
  const client = deps.clientOf(connection);
  await eachAtOnce(
    deps,
    connection,
    wanted,
    async (lease) => {
      const answer = await client.get(lease.object, lease.externalId ?? "");
      const writeCount = counts.get(lease.linkId ?? "") ?? 0;
      if ("gone" in answer) shown.set(lease.id, { object: null, gone: answer, times: answer.times, writeCount });
      else shown.set(lease.id, { object: answer.object, gone: null, times: answer.times, writeCount });
    },
    (lease, error) => {
      if (!(error instanceof RetryableError) && !(error instanceof ConnectionError))
        deps.log.warn("delivery.read_failed", { deliveryId: lease.id, connection, error });
      failed.set(lease.id, error);
    },
  );
  return { shown, failed, created, timesOf: await databaseTimes(deps.db.sql) };
}
