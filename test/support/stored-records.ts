import { randomUUID } from "node:crypto";
import { catalogueOf, type EntityKind, type Values } from "../../src/model/catalogue.ts";
import type { Db } from "../../src/store/database.ts";

/**
 * A record as commit leaves it, written straight into its table: for tests of reading. Instants are now unless given.
 */
export async function storeRecord(
  sql: Db,
  entity: EntityKind,
  values: Values,
  meta: { parentId?: string; updatedAt?: string; provenance?: object; holds?: object; policies?: object } = {},
): Promise<string> {
  const id = randomUUID();
  const catalogue = catalogueOf(entity);
  const at = meta.updatedAt ?? new Date().toISOString();
  const row: Record<string, unknown> = {
    id,
    version: 1,
    created_at: at,
    updated_at: at,
    provenance: meta.provenance ?? { s: [], u: {} },
    holds: meta.holds ?? null,
    policies: meta.policies ?? null,
    ...(meta.parentId === undefined ? {} : { kundeemne_id: meta.parentId }),
  };
  for (const [key, value] of Object.entries(values)) row[catalogue.columnOf.get(key) ?? key] = value;
  const table = entity === "kundeemne" ? "kundeemner" : "kontaktpersoner";
  const columns = Object.keys(row).join(", ");
  await sql.unsafe(
    `insert into ${table} (${columns}) select ${columns} from json_populate_record(null::${table}, $1::text::json)`,
    [JSON.stringify(row)],
  );
  return id;
}

export async function storeLink(
  sql: Db,
  link: { connection: string; object: string; externalId: string; entityId: string | null; state?: string },
): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into links (id, connection, object, external_id, entity, entity_id, state, updated_at, linked_at)
    values (${id}, ${link.connection}, ${link.object}, ${link.externalId}, 'kundeemne', ${link.entityId}::text::uuid,
      ${link.state ?? "linked"}, kobling_now(), kobling_now())`;
  return id;
}
