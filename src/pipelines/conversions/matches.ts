import type { CallTimes, RemoteObject } from "../../connectors/connector.ts";
import { chooseMatch } from "../../danish/match.ts";
import type { MatchFacts } from "../../danish/match-evidence.ts";
import { matchKeys } from "../../danish/match-keys.ts";
import type { Delivery } from "../../store/deliveries.ts";
import { loadEntities } from "../../store/entities.ts";
import { loadBlocks } from "../../store/link-blocks.ts";
import { loadTiedIds } from "../../store/links.ts";
import type { FoundCreates } from "../creates.ts";
import type { Deps } from "../deps.ts";
import { asError } from "../each.ts";
import { factsOf } from "../match-facts.ts";
import { strangerOf } from "../matching.ts";

interface Shown {
  readonly object: RemoteObject;
  readonly times: CallTimes;
  readonly facts: MatchFacts;
}

/**
 * Looks at the ledger for accounts that conversions would make a second time (S88): its list is read whole, as a stream,
 * once for the batch, and what stands for nobody yet is matched in the tiers of the domain notes (e.8). One sure match is
 * a first meeting, several are a person's to decide; a pair that a person has called different is no match (rule R25).
 */
export async function findMatches(
  deps: Deps,
  connection: string,
  leases: readonly Delivery[],
  known: FoundCreates,
): Promise<FoundCreates> {
  const { sql } = deps.db;
  const creates = leases.filter(
    (lease) => lease.kind === "create" && lease.externalId === null && lease.attemptId === null,
  );
  const { blocks, wishes } = await loadBlocks(
    sql,
    creates.map((lease) => lease.entityId),
  );
  const wished = creates.filter((lease) =>
    wishes.some(
      (wish) => wish.entityId === lease.entityId && wish.connection === connection && wish.object === lease.object,
    ),
  );
  if (wished.length === 0) return known;
  const ids = wished.map((lease) => lease.entityId);
  const records = await loadEntities(sql, "kundeemne", ids);
  const matched = new Map(known.matched);
  const doubtful = new Map(known.doubtful);
  const failed = new Map(known.failed);
  for (const object of new Set(wished.map((lease) => lease.object))) {
    const own = wished.filter((lease) => lease.object === object);
    const factsById = new Map(own.map(({ entityId }) => [entityId, factsOf(records.get(entityId)?.values ?? {})]));
    let shown: ReadonlyMap<string, readonly Shown[]>;
    try {
      shown = await listStrangers(deps, connection, object, new Set([...factsById.values()].flatMap(matchKeys)));
    } catch (error) {
      for (const lease of own) failed.set(lease.id, asError(error));
      continue;
    }
    for (const lease of own) {
      const facts = factsById.get(lease.entityId) ?? {};
      const isRefused = (externalId: string): boolean =>
        blocks.some(
          (block) =>
            block.entityId === lease.entityId &&
            block.connection === connection &&
            block.object === object &&
            block.externalId === externalId,
        );
      const near = new Map(
        matchKeys(facts)
          .flatMap((key) => shown.get(key) ?? [])
          .filter((each) => !isRefused(each.object.externalId))
          .map((each) => [each.object.externalId, each]),
      );
      const match = chooseMatch(
        facts,
        [...near].map(([id, each]) => ({ id, facts: each.facts })),
      );
      const one = match.kind === "one" ? near.get(match.id) : undefined;
      if (one !== undefined) matched.set(lease.id, one);
      else if (match.kind === "several") doubtful.set(lease.id, { code: "R24:several_found", externalIds: match.ids });
    }
  }
  return { ...known, matched, doubtful, failed };
}

/** Objects that stand for nobody and share one of these keys, by key. */
async function listStrangers(
  deps: Deps,
  connection: string,
  object: string,
  keys: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly Shown[]>> {
  const mapping = deps.mappingOf(connection, object);
  if (mapping === undefined) return new Map();
  const tied = await loadTiedIds(deps.db.sql, connection, object);
  const shown = new Map<string, Shown[]>();
  await deps.limits.call(connection, async () => {
    for await (const page of deps.clientOf(connection).list(object, {})) {
      for (const each of page.objects) {
        if (tied.has(each.externalId)) continue;
        const facts = factsOf(strangerOf(mapping, mapping.readRemote(each.image).claims, each.externalId).values);
        for (const key of matchKeys(facts)) {
          if (keys.has(key)) shown.set(key, [...(shown.get(key) ?? []), { object: each, times: page.times, facts }]);
        }
      }
    }
  });
  return shown;
}
