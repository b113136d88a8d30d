import type { MappingLine } from "../../mappings/mapping.ts";
import { ownNames } from "../../mappings/own-names.ts";
import type { Field } from "../../model/field.ts";

/** Default mappings of files: our names as headings, Danish numbers and dates, an empty cell is an empty field. */
const { debitor, kreditor, kundeemne, kontaktperson } = ownNames({
  ...{ as: asText, key: "Kontonr", parent: "kundeemne", empty: "text" },
});
export const mappings = { debitor, kreditor, kundeemne, kontaktperson };

function asText({ kind }: Field): Pick<MappingLine, "as"> {
  switch (kind) {
    case "bool":
      return { as: { codec: "bool", style: "1/0" } };
    case "date":
      return { as: { codec: "date", style: "da" } };
    case "decimal":
      return { as: { codec: "decimal", profile: "da" } };
    case "codeSet":
    case "textSet":
    case "textList":
      return { as: { codec: kind, separator: "," } };
    case "pNumbers":
      return { as: { codec: "textSet", separator: "," } };
    default:
      return {};
  }
}
