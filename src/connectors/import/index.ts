import { z } from "zod";
import { fieldNamed, fillableFields } from "../../mappings/headings.ts";
import type { Mapping, MappingLine } from "../../mappings/mapping.ts";
import type { Field } from "../../model/field.ts";
import { defineConnector } from "../connector.ts";

/**
 * Files that a person brings in. The table's own mapping has read each row into values of ours before it comes here
 * (src/pipelines/import-row.ts), so this mapping is plain: our names, our values, in only.
 */
const kundeemneMapping: Mapping = {
  object: "kundeemne",
  remote: "table",
  as: "kundeemne",
  key: "externalId",
  // A row's key is the number of the Kundeemne where its column is kontonummer (rule R24).
  sharedSeries: true,
  empty: "null",
  fields: fillableFields.map((field) => lineOf(field, fieldNamed(field))),
};

function lineOf(name: string, field: Field | undefined): MappingLine {
  const line: MappingLine = { field: name, remote: name, direction: "in" };
  switch (field?.kind) {
    case "bool":
      return { ...line, as: { codec: "bool", style: "true/false" } };
    case "int":
      return { ...line, as: { codec: "int", json: "number" } };
    case "codeSet":
    case "textSet":
    case "textList":
      return { ...line, as: { codec: field.kind, json: "list" } };
    case "pNumbers":
      return { ...line, as: { codec: "textSet", json: "list" } };
    default:
      return line;
  }
}

/** The door for spreadsheets: `kobling import` and `POST /v1/imports`. Nothing is ever sent to it. */
export const imports = defineConnector({
  name: "import",
  confidence: "own",
  settings: z.strictObject({}),
  lock: "none",
  idempotencyKey: true,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "queue",
  delta: false,
  statesTimes: true,
  byHand: true,
  mappings: { kundeemne: kundeemneMapping },
});
