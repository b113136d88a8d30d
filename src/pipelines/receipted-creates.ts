import type { EntityKind } from "../model/catalogue.ts";
import { endAttempts, loadAttempts } from "../store/attempts.ts";
import type { Tx } from "../store/database.ts";
import { remoteKey } from "../store/links.ts";
import { findOutstandingCreates, lockPulled, movePulled, type Pulled } from "../store/outbound.ts";
import type { Answered } from "./answers.ts";
import type { Incoming } from "./batch.ts";
import type { DecideBatchOptions } from "./decide-batch.ts";

/**
 * Pushes of objects that we do not know yet and that name a create of ours: it arrived, so the object stands for the
 * record that was sent, and is not matched as a stranger (rules R19, R21). A later read: an edit may have followed.
 */
export async function receiptedCreates(
  tx: Tx,
  connection: string,
  incomings: readonly Incoming[],
): Promise<DecideBatchOptions> {
  const naming = incomings.filter((each) => each.pushed && !each.deleted && each.lastDelivery !== null);
  const creates = new Map(
    (
      await findOutstandingCreates(
        tx,
        connection,
        naming.flatMap((each) => each.lastDelivery ?? []),
      )
    ).map((create) => [create.id, create]),
  );
  if (creates.size === 0) return {};
  const attempts = await loadAttempts(
    tx,
    [...creates.values()].flatMap((create) => create.attemptId ?? []),
  );
  const tied = new Map<string, string>();
  const answers = new Map<string, Answered>();
  const alsoEntities = new Map<string, EntityKind>();
  const named = new Map<string, Pulled>();
  for (const { object, externalId, lastDelivery } of naming) {
    const create = creates.get(lastDelivery ?? -1);
    const attempt = attempts.get(create?.attemptId ?? -1);
    // One create is one object: the first that names it.
    if (create === undefined || attempt === undefined || create.object !== object) continue;
    creates.delete(create.id);
    const key = remoteKey(object, externalId);
    tied.set(key, create.entityId);
    answers.set(key, { values: attempt.sent, versions: attempt.versions, how: "read", ends: true, arrived: true });
    alsoEntities.set(create.entityId, create.entity);
    named.set(key, create);
  }
  return {
    tied,
    answers,
    alsoEntities,
    after: async (batch) => {
      const locked = await lockPulled(
        tx,
        [...named.values()].map((create) => create.id),
      );
      const done = [...named].flatMap(([key, create]) => {
        const link = batch.links.get(key)?.link;
        return link?.entityId === create.entityId && locked.get(create.id)?.state !== "settled"
          ? [{ link, create }]
          : [];
      });
      await movePulled(
        tx,
        done.map(({ link, create }) => ({ id: create.id, state: "settled", linkId: link.id })),
      );
      await endAttempts(
        tx,
        done.flatMap(({ create }) => (create.attemptId === null ? [] : [{ id: create.attemptId, state: "settled" }])),
      );
    },
  };
}
