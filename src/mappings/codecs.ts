import type { Kind } from "../model/field.ts";
import type { CodecDefinition, GroupCodecDefinition } from "./codecs/codec.ts";
import { code, codeSet, textList, textSet } from "./codecs/codes.ts";
import { date, instant } from "./codecs/dates.ts";
import { decimal } from "./codecs/decimal.ts";
import { balance, employeeInterval } from "./codecs/groups.ts";
import { country, currency } from "./codecs/places.ts";
import { bool, int } from "./codecs/scalars.ts";
import { keptTexts, longText, text } from "./codecs/text.ts";
import { vatNumber } from "./codecs/vat-number.ts";

/** Options are checked by each definition's own schema before `make` sees them, so that the list may forget their types. */
type AnyCodec = Omit<CodecDefinition, "make"> & { readonly make: CodecDefinition<never>["make"] };

const definitions: readonly AnyCodec[] = [
  text,
  longText,
  ...keptTexts,
  vatNumber,
  bool,
  int,
  decimal,
  date,
  instant,
  code,
  codeSet,
  textSet,
  textList,
  country,
  currency,
];

/** Codecs of one field, by the name that mappings use. */
export const codecs: ReadonlyMap<string, AnyCodec> = new Map(definitions.map((each) => [each.name, each]));

/** Codecs over a group. `registration` is not among them: it is a token that the decision places (rule R2). */
export const groupCodecs: ReadonlyMap<string, GroupCodecDefinition> = new Map(
  [employeeInterval, balance].map((each) => [each.name, each]),
);

export const REGISTRATION_CODEC = "registration";

/** The codec of a kind, where a line names none. */
export const codecOfKind: Readonly<Record<Kind, string>> = {
  text: "text",
  longText: "longText",
  code: "code",
  listCode: "text",
  codeSet: "codeSet",
  textSet: "textSet",
  textList: "textList",
  bool: "bool",
  int: "int",
  decimal: "decimal",
  date: "date",
  instant: "instant",
  phone: "phone",
  email: "email",
  url: "url",
  cvr: "vatNumber",
  se: "vatNumber",
  euVat: "vatNumber",
  pNumbers: "textSet",
  gln: "gln",
  postnr: "postnr",
  country: "country",
  currency: "currency",
  id: "text",
};
