import { type Batch, type EntitySlot, iso } from "./batch.ts";
import type { Actor } from "./deps.ts";

/** Takes a contact in hand away from its emne. Its remote objects are unlinked, never deleted (S27). */
export async function takeAway(batch: Batch, slot: EntitySlot, by: Actor): Promise<void> {
  const { id } = slot.entity;
  const at = iso(batch.now);
  await batch.tx.unsafe(
    `with unlinked as (update links set state = 'unlinked', base = null, seen = null, decided = null, updated_at = $2::timestamptz where entity_id = $1 returning id)
     update deliveries set state = 'withdrawn', reason = 'contact_deleted' where entity_id = $1 and state in ('due', 'withheld')`,
    [id, at],
  );
  batch.history.push({
    entityId: id,
    entity: "kontaktperson",
    version: slot.entity.version + 1,
    kind: "deleted",
    by: { kind: by.kind, actor: by.name, from: batch.now, to: batch.now },
    changeId: null,
    runId: null,
    mappingVersion: null,
    fields: {},
  });
  await batch.tx.unsafe("delete from kontaktpersoner where id = $1", [id]);
  batch.entities.delete(id);
  const parent = slot.entity.parentId ?? "";
  batch.contacts.set(
    parent,
    (batch.contacts.get(parent) ?? []).filter((each) => each !== slot),
  );
  batch.look.add(parent);
}
