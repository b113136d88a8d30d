import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { type Catalogue, kontaktpersonCatalogue, kundeemneCatalogue } from "../../src/model/catalogue.ts";
import type { Field } from "../../src/model/field.ts";
import { inputSchema, jsonSchemaOf, outputSchema, refusalOf } from "../../src/model/schemas.ts";
import type { Database } from "../../src/store/database.ts";
import { testApi } from "../support/api.ts";
import { createTestDatabase } from "../support/database.ts";

let database: Database;
let document: Document;

beforeAll(async () => {
  database = await createTestDatabase();
  document = (await (await testApi(database).app.request("/openapi.json")).json()) as Document; // openapi.test.ts says so
});

interface Document {
  readonly components: { readonly schemas: Record<string, Json> };
  readonly paths: Record<
    string,
    Record<string, { readonly requestBody: { content: Record<string, { schema: Json }> } }>
  >;
}

type Json = { readonly [key: string]: unknown };

/** Flat names of a JSON Schema's properties, nested ones with a dot. */
function namesOf(schema: unknown): string[] {
  return Object.entries(propertiesOf(schema)).flatMap(([key, inner]) => {
    const members = Object.keys(propertiesOf(inner));
    return members.length === 0 ? [key] : members.map((member) => `${key}.${member}`);
  });
}

/** Of an object, or of the object among the shapes that would do. */
function propertiesOf(schema: unknown): Json {
  if (typeof schema !== "object" || schema === null) return {};
  if ("properties" in schema) return schema.properties as Json; // JSON Schema says so
  const shapes = "anyOf" in schema && Array.isArray(schema.anyOf) ? schema.anyOf : [];
  return shapes.map(propertiesOf).find((each) => Object.keys(each).length > 0) ?? {};
}

const typeOf = ({ kind }: Field): string => {
  switch (kind) {
    case "bool":
      return "boolean";
    case "int":
      return "integer";
    case "decimal":
      return "numeric";
    case "date":
      return "date";
    case "instant":
      return "timestamp with time zone";
    case "codeSet":
    case "textSet":
    case "textList":
    case "pNumbers":
      return "ARRAY";
    default:
      return "text";
  }
};

const META = ["id", "version", "created_at", "updated_at", "provenance", "policies", "holds", "erased_at"];
const fieldsOf = ({ fields }: Catalogue): string[] => Object.keys(fields);
const writable = (catalogue: Catalogue, mode: "create" | "patch"): string[] =>
  fieldsOf(catalogue).filter((key) => refusalOf(catalogue, mode, key) === undefined);

const records = [
  {
    catalogue: kundeemneCatalogue,
    table: "kundeemner",
    schema: "Kundeemne",
    ours: [...META, "orphaned_at", "merged_into", "match_key", "name_key", "domain_keys", "naeste_akt"],
    shown: ["land"],
    taken: ["land"],
    file: "kundeemne.schema.json",
    path: "/v1/kundeemner",
    one: "/v1/kundeemner/{id}",
  },
  {
    catalogue: kontaktpersonCatalogue,
    table: "kontaktpersoner",
    schema: "Kontaktperson",
    ours: [...META, "kundeemne_id", "email_key"],
    shown: ["kundeemneId"],
    taken: [],
    file: "kontaktperson.schema.json",
    path: "/v1/kundeemner/{id}/kontaktpersoner",
    one: "/v1/kundeemner/{id}/kontaktpersoner/{contact}",
  },
];

test.each(records)(
  "the table $table has a column of the right type for each field, and no others but ours",
  async ({ catalogue, table, ours }) => {
    const rows = await database.sql<{ column_name: string; data_type: string }[]>`
    select column_name, data_type from information_schema.columns where table_name = ${table} and table_schema = 'public'`;
    const stored = Object.entries(catalogue.fields).filter(([, field]) => !field.virtual);
    const wanted = Object.fromEntries(stored.map(([key, field]) => [catalogue.columnOf.get(key), typeOf(field)]));
    const found = rows.filter((row) => !ours.includes(row.column_name));
    expect(Object.fromEntries(found.map((row) => [row.column_name, row.data_type]))).toEqual(wanted);
    expect(rows.map((row) => row.column_name)).toEqual(expect.arrayContaining(ours));
  },
);

test.each(records)(
  "zod schemas, document and published schema of $schema name exactly the catalogue's fields",
  ({ catalogue, schema, shown, taken, file, path, one }) => {
    const all = fieldsOf(catalogue).sort();
    expect(namesOf(jsonSchemaOf(outputSchema(catalogue))).sort()).toEqual(all);
    const published = readFileSync(new URL(`../../config/schema/${file}`, import.meta.url), "utf8");
    expect(namesOf(JSON.parse(published)).sort()).toEqual(all);
    const { meta, ...answer } = propertiesOf(document.components.schemas[schema]);
    expect(meta).toBeDefined();
    expect(namesOf({ properties: answer }).sort()).toEqual([...all, ...shown].sort());

    for (const [mode, operation] of [
      ["create", document.paths[path]?.post],
      ["patch", document.paths[one]?.patch],
    ] as const) {
      const wanted = [...writable(catalogue, mode), ...taken].sort();
      expect(namesOf(jsonSchemaOf(inputSchema(catalogue, mode))).sort()).toEqual(wanted);
      const bodies = operation?.requestBody.content ?? {};
      expect(Object.keys(bodies)).toContain("application/json");
      for (const { schema: body } of Object.values(bodies)) {
        expect(namesOf(body).sort()).toEqual(wanted);
        expect(body.additionalProperties).toBe(false);
      }
    }
  },
);
