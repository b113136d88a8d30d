import type { CompiledMapping, RemoteImage } from "../mappings/mapping.ts";
import { balancesIn } from "./balances.ts";
import type { Batch, EntitySlot, Incoming } from "./batch.ts";

/** An archived record whose account is no longer at zero stays as it is, and a person is told (S71). */
export function alertOfBalance(
  batch: Batch,
  { entity }: EntitySlot,
  mapping: CompiledMapping,
  { object, externalId, body }: Incoming,
): void {
  if (!entity.state.archived || body === null) return;
  const open = balancesIn(mapping, object, body as RemoteImage).filter(({ amount }) => amount !== "0");
  if (open.length === 0) return;
  const about = { entity: entity.kind, entityId: entity.id, connection: batch.connection, object, externalId };
  batch.alerts.push({ ...about, kind: "alert", reason: "S71:balance_of_archived", detail: { balances: open } });
}
