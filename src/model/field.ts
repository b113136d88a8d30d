/**
 * What a field of the catalogue is. The catalogue is data: tables, zod schemas, OpenAPI, comparison and the console all
 * read it, so a field is described once.
 */

/** How a value is stored, compared and checked. Values in memory: see `Value`. */
export type Kind =
  | "text" // one line, trimmed, NFC
  | "longText" // several lines, line breaks kept
  | "code" // one of `codes`
  | "listCode" // a code of a list that the user or an ERP maintains
  | "codeSet" // set of `codes`
  | "textSet" // set of texts, order without meaning
  | "textList" // list of texts, order kept
  | "bool"
  | "int"
  | "decimal" // exact, in memory a decimal string
  | "date" // YYYY-MM-DD
  | "instant" // ISO 8601 in UTC
  | "phone"
  | "email"
  | "url"
  | "cvr"
  | "se"
  | "euVat"
  | "pNumbers"
  | "gln"
  | "postnr"
  | "country"
  | "currency"
  | "id"; // uuid

/** Personal data: yes, conditional (a natural person or a sole trader), no. Domain notes, section a. */
export type PersonalData = "yes" | "conditional" | "no";

export type SurvivorshipRule = "owner" | "source_priority" | "most_recent" | "manual";

/** Who decides a clash (rule R12). `owner` names a side; `order` ranks sides and connections, first wins. */
export interface Survivorship {
  readonly rule: SurvivorshipRule;
  readonly owner?: "crm" | "ledger";
  readonly order?: readonly string[];
  readonly then?: "owner" | "manual";
}

export interface Label {
  readonly da: string;
  readonly en: string;
}

export interface Field {
  readonly kind: Kind;
  readonly label: Label;
  /** Characters at most; a gateway limit. Every mapping carries its remote's own. */
  readonly max?: number;
  readonly min?: number;
  readonly required?: true;
  readonly codes?: readonly string[];
  /** An industry code, judged by the list that its record names (domain notes, d.5). */
  readonly list?: "industry";
  /** Fields that mean something only together are one value for deciding (rule R2). */
  readonly group?: string;
  readonly personalData: PersonalData;
  readonly survivorship?: Survivorship;
  /** Set by the gateway only; a write by anybody else is refused. */
  readonly computed?: true;
  /** Worked out from other rows when read; has no column. */
  readonly virtual?: true;
  /** Set once, when the record is made. */
  readonly immutable?: true;
  /** Set by side crm only (rule R1). `stricter` names the value that wins among several. */
  readonly control?: { readonly stricter: boolean | "set" };
  /** Scale of a decimal. */
  readonly scale?: number;
  readonly default?: boolean | string;
  /** A sum over other rows is 0 where there are none: kept empty, but shown, asked and sorted as 0. */
  readonly sum?: true;
  /** False: what a stranger may have put here must not leave with an export or a campaign. */
  readonly exportable?: false;
}

export type Value = string | number | boolean | readonly string[] | null;

/** Define fields without losing their literal names and codes. */
export const defineFields = <const T extends Record<string, Field>>(fields: T): T => fields;
