import type { CallTimes, RemoteObject } from "../connectors/connector.ts";
import type { Values } from "../model/catalogue.ts";
import { agrees, looselyAgrees } from "../rules/unit-values.ts";
import { loadAttempts } from "../store/attempts.ts";
import type { Delivery } from "../store/deliveries.ts";
import { loadTiedIds } from "../store/links.ts";
import type { Deps } from "./deps.ts";
import { asError } from "./each.ts";

/** What looking for creates that left the process has found (rule R19). By delivery id. */
export interface FoundCreates {
  /** It arrived: judged as the attempt's answer, not as a first meeting. */
  readonly found: ReadonlyMap<
    number,
    {
      readonly object: RemoteObject;
      readonly times: CallTimes;
      readonly sent: Values;
      readonly versions: Record<string, number>;
    }
  >;
  /** The remote has the record already, before anything was sent (S88): a first meeting. */
  readonly matched: ReadonlyMap<number, { readonly object: RemoteObject; readonly times: CallTimes }>;
  /** Several could be it: a person decides. */
  readonly doubtful: ReadonlyMap<number, readonly string[]>;
  readonly failed: ReadonlyMap<number, Error>;
}

const nothing: FoundCreates = { found: new Map(), matched: new Map(), doubtful: new Map(), failed: new Map() };

/**
 * Looks at the remote for objects that an earlier try of a create may have made, before any other try (rule R19). The
 * list is read whole, as a stream, once for the batch: also remotes that can only be listed are asked.
 */
export async function findCreated(deps: Deps, connection: string, leases: readonly Delivery[]): Promise<FoundCreates> {
  const doubted = leases.filter(
    (lease) => lease.kind === "create" && lease.externalId === null && lease.attemptId !== null,
  );
  if (doubted.length === 0) return nothing;
  const attempts = await loadAttempts(
    deps.db.sql,
    doubted.flatMap((lease) => lease.attemptId ?? []),
  );
  const found = new Map<
    number,
    { object: RemoteObject; times: CallTimes; sent: Values; versions: Record<string, number> }
  >();
  const doubtful = new Map<number, readonly string[]>();
  const failed = new Map<number, Error>();
  for (const object of new Set(doubted.map((lease) => lease.object))) {
    const own = doubted.filter((lease) => lease.object === object);
    const mapping = deps.mappingOf(connection, object);
    if (mapping === undefined) continue;
    const tied = await loadTiedIds(deps.db.sql, connection, object);
    const hits = new Map<number, { object: RemoteObject; times: CallTimes }[]>();
    try {
      await deps.limits.call(connection, async () => {
        for await (const page of deps.clientOf(connection).list(object, {})) {
          for (const each of page.objects) {
            if (tied.has(each.externalId)) continue;
            const { claims } = mapping.readRemote(each.image);
            for (const lease of own) {
              const attempt = attempts.get(lease.attemptId ?? -1);
              if (attempt === undefined || !isMade(mapping, attempt.sent, attempt.versions, claims)) continue;
              hits.set(lease.id, [...(hits.get(lease.id) ?? []), { object: each, times: page.times }]);
            }
          }
        }
      });
    } catch (error) {
      for (const lease of own) failed.set(lease.id, asError(error));
      continue;
    }
    for (const lease of own) {
      const attempt = attempts.get(lease.attemptId ?? -1);
      const [one, ...more] = hits.get(lease.id) ?? [];
      if (one === undefined || attempt === undefined) continue;
      if (more.length > 0)
        doubtful.set(
          lease.id,
          [one, ...more].map((each) => each.object.externalId),
        );
      else found.set(lease.id, { ...one, sent: attempt.sent, versions: attempt.versions });
    }
  }
  return { found, matched: new Map(), doubtful, failed };
}

type Mapping = NonNullable<ReturnType<Deps["mappingOf"]>>;

/** Does an object show what the create sent, as sent or as the remote renders it? Fields it does not show say nothing. */
export function isMade(mapping: Mapping, sent: Values, versions: Record<string, number>, claims: Values): boolean {
  let compared = 0;
  for (const unit of Object.keys(versions)) {
    const mapped = mapping.unitByName.get(unit);
    if (
      mapped === undefined ||
      mapped.token ||
      mapped.keys.some((key) => claims[key] === undefined || sent[key] === undefined)
    )
      continue;
    compared += 1;
    if (!agrees(mapping.as, mapped, claims, sent) && !looselyAgrees(mapping.as, mapped, claims, sent)) return false;
  }
  return compared > 0;
}
