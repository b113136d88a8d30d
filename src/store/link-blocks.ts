import type { Sql, Tx } from "./database.ts";

export interface LinkBlock {
  readonly connection: string;
  readonly object: string;
  readonly entityId: string;
  readonly externalId: string;
  readonly kind: string;
}

/** A person wishes that the record has such an object (S82, S83): the opposite of a block. */
export type LinkWish = Omit<LinkBlock, "externalId" | "kind">;

const WISHED = "wished";

/**
 * What must not be linked or created out again (rule R25), for records or remote ids. A record that is a candidate of an
 * open match case counts as `match_case`: a person may yet say that the object stands for it, so none is created beside it.
 * What a person wishes to be made comes along, in the same question.
 */
export async function loadBlocks(
  sql: Sql | Tx,
  entityIds: readonly string[],
  remote?: { connection: string; externalIds: readonly string[] },
): Promise<{ readonly blocks: LinkBlock[]; readonly wishes: LinkWish[] }> {
  if (entityIds.length === 0 && (remote === undefined || remote.externalIds.length === 0))
    return { blocks: [], wishes: [] };
  const rows = await sql.unsafe(
    `select connection, object, entity_id, external_id, kind from link_blocks
     where entity_id = any($1::uuid[]) or (connection = $2 and external_id = any($3::text[]))
     union all
     select r.connection, r.object, candidate::uuid, '', 'match_case' from reviews r, json_array_elements_text(r.detail->'candidates') candidate
     where r.kind = 'match_case' and r.state = 'open' and candidate = any($1::text[])
     union all
     select connection, case target when 'kreditor' then 'kreditor' else 'debitor' end, entity_id, '', '${WISHED}' from conversions
     where state = 'open' and entity_id = any($1::uuid[])`,
    [[...entityIds], remote?.connection ?? "", [...(remote?.externalIds ?? [])]],
    { prepare: true },
  );
  const found = rows.map((row) => ({
    connection: String(row.connection),
    object: String(row.object),
    entityId: String(row.entity_id),
    externalId: String(row.external_id),
    kind: String(row.kind),
  }));
  return {
    blocks: found.filter(({ kind }) => kind !== WISHED),
    wishes: found.filter(({ kind }) => kind === WISHED),
  };
}

export async function addBlock(tx: Tx, block: LinkBlock & { by: string; at: string }): Promise<void> {
  await tx.unsafe(
    `insert into link_blocks (connection, object, entity_id, external_id, kind, by, at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (connection, object, entity_id, external_id) do update set kind = excluded.kind, by = excluded.by, at = excluded.at`,
    [block.connection, block.object, block.entityId, block.externalId, block.kind, block.by, block.at],
  );
}

export async function removeBlocks(tx: Tx, connection: string, object: string, entityId: string): Promise<void> {
  await tx.unsafe(
    "delete from link_blocks where connection = $1 and object = $2 and entity_id = $3 and kind <> 'refused'",
    [connection, object, entityId],
    { prepare: true },
  );
}
