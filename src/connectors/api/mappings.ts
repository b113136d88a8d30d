import type { MappingLine } from "../../mappings/mapping.ts";
import { ownNames } from "../../mappings/own-names.ts";
import type { Field } from "../../model/field.ts";

/** Default mappings of systems that push and pull: our names, values are plain JSON, an empty field is null. */
export const mappings = ownNames({ as: asJson, key: "externalId", parent: "kundeemne", empty: "null" });

function asJson({ kind }: Field): Pick<MappingLine, "as"> {
  switch (kind) {
    case "bool":
      return { as: { codec: "bool", style: "true/false" } };
    case "int":
      return { as: { codec: "int", json: "number" } };
    case "codeSet":
    case "textSet":
    case "textList":
      return { as: { codec: kind, json: "list" } };
    case "pNumbers":
      return { as: { codec: "textSet", json: "list" } };
    default:
      return {};
  }
}
