import { Ajv } from "ajv";

const ajv = new Ajv({
  strict: false,
  allErrors: true,
  formats: { "date-time": true, uri: true, date: true, email: true, int32: true, int64: true },
});

type Schema = Readonly<Record<string, unknown>>;

/** What is wrong with a body by the vendor's own document; of what we send, nothing it does not know may be in it. */
export function faultsOf(schema: object | undefined, value: unknown, isOurs: boolean): string[] {
  if (schema === undefined) return ["the document has no such body"];
  ajv.validate(readable(schema as Schema, isOurs), value); // JSON of a schema
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** As JSON Schema reads it: `nullable` is OpenAPI's own, and needs a type beside it. */
function readable(schema: Schema, isClosed: boolean): Schema {
  const { nullable, properties, items, ...rest } = schema;
  const inside = (each: unknown) => readable(each as Schema, isClosed); // JSON of a schema
  return {
    ...rest,
    ...(nullable === true && "type" in rest && { nullable }),
    ...(properties !== undefined && {
      ...(isClosed && { additionalProperties: false }),
      properties: Object.fromEntries(Object.entries(properties as object).map(([name, each]) => [name, inside(each)])),
    }),
    ...(items !== undefined && { items: inside(items) }),
  };
}
