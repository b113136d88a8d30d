import { type Catalogue, catalogueOf, type EntityKind, type Values } from "../model/catalogue.ts";
import type { Value } from "../model/field.ts";
import type { Entity, Provenance, RecordPolicy } from "../rules/record.ts";
import type { Db, Tx } from "./database.ts";
import { type KnownRows, readMoved } from "./known-rows.ts";
import { instantText } from "./read-columns.ts";

/** A record with what the store keeps beside it. */
export interface StoredEntity extends Entity {
  readonly createdAt: string;
  readonly updatedAt: string;
}

interface Table {
  readonly name: string;
  readonly select: string;
  /** Fields with a column, in order. */
  readonly fields: readonly (readonly [field: string, column: string])[];
  readonly upsert: string;
}

const own: Record<EntityKind, readonly string[]> = {
  kundeemne: ["orphaned_at", "merged_into", "match_key", "name_key", "domain_keys"],
  kontaktperson: ["kundeemne_id", "email_key"],
};

const shared = ["id", "version", "created_at", "updated_at", "provenance", "policies", "holds", "erased_at"];

function tableOf(catalogue: Catalogue): Table {
  const name = catalogue.kind === "kundeemne" ? "kundeemner" : "kontaktpersoner";
  const fields = Object.entries(catalogue.fields)
    .filter(([, field]) => !field.virtual)
    .map(([key]) => [key, catalogue.columnOf.get(key) ?? key] as const);
  const select = [
    "id",
    "xmin::text as stamp",
    "version::float8 as version",
    `${instantText("created_at")} as created_at`,
    `${instantText("updated_at")} as updated_at`,
    "provenance",
    "policies",
    "holds",
    "erased_at is not null as erased",
    ...(catalogue.kind === "kundeemne" ? ["orphaned_at is not null as orphaned", "merged_into"] : ["kundeemne_id"]),
    ...fields.map(([key, column]) => {
      const kind = catalogue.fields[key]?.kind;
      if (kind === "instant") return `${instantText(column)} as ${column}`;
      return kind === "date" ? `${column}::text as ${column}` : column;
    }),
  ].join(", ");
  // State that only acts of their own set (erased, orphaned, merged) is never overwritten by a batch.
  const kept = new Set(["erased_at", "orphaned_at", "merged_into"]);
  const columns = [...shared, ...own[catalogue.kind], ...fields.map(([, column]) => column)].filter(
    (column) => !kept.has(column),
  );
  const updates = columns
    .filter((column) => column !== "id" && column !== "created_at")
    .map((column) => `${column} = excluded.${column}`);
  const upsert = `insert into ${name} (${columns.join(", ")})
    select ${columns.join(", ")} from json_populate_recordset(null::${name}, kobling_rows($1))
    on conflict (id) do update set ${updates.join(", ")}`;
  return { name, select, fields, upsert };
}

const tables: Record<EntityKind, Table> = {
  kundeemne: tableOf(catalogueOf("kundeemne")),
  kontaktperson: tableOf(catalogueOf("kontaktperson")),
};

type Row = Record<string, unknown>;

/** A row of the records' tables, as the rules see it. */
export function readEntity(kind: EntityKind, row: Row): StoredEntity {
  const values: Values = {};
  for (const [field, column] of tables[kind].fields) {
    // Columns are typed by the catalogue, so each holds a Value.
    values[field] = (row[column] as Value | undefined) ?? null;
  }
  return {
    kind,
    id: String(row.id),
    version: Number(row.version),
    createdAt: String(row.created_at),
    updatedAt: String(row.updated_at),
    values,
    // Written by `upsertEntities` from the same type.
    provenance: row.provenance as Provenance,
    policies: (row.policies as readonly RecordPolicy[] | null) ?? [],
    holds: (row.holds as Record<string, number> | null) ?? {},
    state: {
      archived: values["arkiveret.vaerdi"] === true,
      restricted: values["begraenset.vaerdi"] === true,
      erased: row.erased === true,
      orphaned: row.orphaned === true,
      mergedInto: (row.merged_into as string | null | undefined) ?? null,
    },
    parentId: (row.kundeemne_id as string | null | undefined) ?? null,
  };
}

/**
 * Records by id, locked in id order until the transaction ends. What is known and has not moved is not read again; where
 * nothing is known yet, what is read is noted.
 */
export async function lockEntities(
  tx: Tx,
  kind: EntityKind,
  ids: readonly string[],
  known?: KnownRows<StoredEntity>,
): Promise<Map<string, StoredEntity>> {
  const locked = "order by id for update";
  if (known?.isAsked !== true || ids.length === 0) return load(tx, kind, ids, locked, known);
  const stamped = await tx.unsafe(
    `select id, xmin::text as stamp from ${tables[kind].name} where id = any($1::uuid[]) ${locked}`,
    [[...ids]],
    { prepare: true },
  );
  const rows = await readMoved(known, stamped, async (moved) => [...(await load(tx, kind, moved, "")).values()]);
  return new Map(rows.map((row) => [row.id, row]));
}

export async function loadEntities(
  tx: Db,
  kind: EntityKind,
  ids: readonly string[],
): Promise<Map<string, StoredEntity>> {
  return load(tx, kind, ids, "");
}

async function load(
  tx: Db,
  kind: EntityKind,
  ids: readonly string[],
  suffix: string,
  known?: KnownRows<StoredEntity>,
): Promise<Map<string, StoredEntity>> {
  if (ids.length === 0) return new Map();
  const table = tables[kind];
  const rows = await tx.unsafe(
    `select ${table.select} from ${table.name} where id = any($1::uuid[]) ${suffix}`,
    [[...ids]],
    { prepare: true },
  );
  const found = new Map<string, StoredEntity>();
  for (const row of rows) {
    const entity = readEntity(kind, row);
    found.set(entity.id, entity);
    known?.note(entity.id, String(row.stamp), entity);
  }
  return found;
}

/** Of a record or contact: its state, and some of its values. */
export type EntityFacts = Pick<StoredEntity, "values" | "state" | "parentId">;

/** Records by id with these fields only, as far as their kind has them. One statement; rows are not locked. */
export async function loadFacts(
  tx: Db,
  kind: EntityKind,
  ids: readonly string[],
  wanted: readonly string[],
): Promise<Map<string, EntityFacts>> {
  if (ids.length === 0) return new Map();
  const isRecord = kind === "kundeemne";
  const fields = tables[kind].fields.filter(([field]) => wanted.includes(field));
  const columns = fields.map(([field, column]) => {
    const fieldKind = catalogueOf(kind).fields[field]?.kind;
    if (fieldKind === "instant") return instantText(column);
    return fieldKind === "date" ? `${column}::text` : column;
  });
  const state = isRecord ? "orphaned_at is not null, merged_into, null" : "false, null::uuid, kundeemne_id";
  const rows = await tx
    .unsafe(
      `select id, erased_at is not null, ${[state, ...columns].join(", ")} from ${tables[kind].name}
       where id = any(string_to_array($1, ',')::uuid[])`,
      [ids.join(",")],
      { prepare: true },
    )
    .values();
  const found = new Map<string, EntityFacts>();
  for (const [id, erased, orphaned, mergedInto, parentId, ...held] of rows) {
    const values: Values = {};
    for (const [at, [field]] of fields.entries()) values[field] = (held[at] as Value | undefined) ?? null;
    found.set(String(id), {
      values,
      parentId: parentId === null ? null : String(parentId),
      state: {
        ...{ archived: values["arkiveret.vaerdi"] === true, restricted: values["begraenset.vaerdi"] === true },
        ...{ erased: erased === true, orphaned: orphaned === true },
        mergedInto: mergedInto === null ? null : String(mergedInto),
      },
    });
  }
  return found;
}

/** The contacts of emner. `lock` holds them until the transaction ends. */
export async function loadContacts(tx: Tx, kundeemneIds: readonly string[], lock: boolean): Promise<StoredEntity[]> {
  if (kundeemneIds.length === 0) return [];
  const table = tables.kontaktperson;
  const rows = await tx.unsafe(
    // Emne by emne (offset 0): without statistics the planner would read the whole table.
    `select ${table.select} from ${table.name} where id = any(array(select found.id from unnest($1::uuid[]) emne(id)
       cross join lateral (select id from ${table.name} where kundeemne_id = emne.id offset 0) found)) order by id ${lock ? "for update" : ""}`,
    [[...kundeemneIds]],
    { prepare: true },
  );
  return rows.map((row) => readEntity("kontaktperson", row));
}

export interface EntityWrite {
  readonly entity: Entity;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Kundeemne: match_key, name_key, domain_keys. Contact: email_key. */
  readonly keys: { readonly [column: string]: string | readonly string[] | null };
}

/** Writes records whole, one statement for all. The rows are locked or new. */
export async function upsertEntities(tx: Tx, kind: EntityKind, writes: readonly EntityWrite[]): Promise<void> {
  if (writes.length === 0) return;
  const { fields, upsert } = tables[kind];
  const rows = writes.map(({ entity, createdAt, updatedAt, keys }) => {
    const row: Row = {
      id: entity.id,
      version: entity.version,
      created_at: createdAt,
      updated_at: updatedAt,
      provenance: entity.provenance,
    };
    if (entity.policies.length > 0) row.policies = entity.policies;
    for (const _ in entity.holds) {
      row.holds = entity.holds;
      break;
    }
    if (kind === "kontaktperson") row.kundeemne_id = entity.parentId;
    for (const [column, key] of Object.entries(keys)) if (key !== null) row[column] = key;
    for (const [field, column] of fields) {
      const value = entity.values[field];
      if (value !== null && value !== undefined) row[column] = value;
    }
    return row;
  });
  await tx.unsafe(upsert, [JSON.stringify(rows)], { prepare: true });
}

/** The next account numbers of the series, in order; taken ones, in the table or named here, are left out. */
export async function drawAccountNumbers(tx: Tx, count: number, taken: ReadonlySet<string>): Promise<string[]> {
  if (count === 0) return [];
  const drawn: string[] = [];
  while (drawn.length < count) {
    const rows = await tx.unsafe(
      `select n::text as number from (select nextval('kontonummer_series') as n from generate_series(1, $1::int)) drawn
       where not exists (select 1 from kundeemner where kontonummer = drawn.n::text)`,
      [count - drawn.length],
    );
    drawn.push(...rows.map((row) => String(row.number)).filter((number) => !taken.has(number)));
  }
  return drawn;
}

/** Which of these account numbers are taken. */
export async function takenAccountNumbers(tx: Tx, numbers: readonly string[]): Promise<Set<string>> {
  if (numbers.length === 0) return new Set();
  const rows = await tx.unsafe("select kontonummer from kundeemner where kontonummer = any($1::text[])", [
    [...numbers],
  ]);
  return new Set(rows.map((row) => String(row.kontonummer)));
}
