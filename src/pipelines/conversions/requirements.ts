import type { DocumentType } from "../../connectors/connector.ts";
import { isValidGln } from "../../danish/gln.ts";
import type { CompiledMapping } from "../../mappings/mapping.ts";
import type { Values } from "../../model/catalogue.ts";
import { type ConversionTarget, type DocumentKind, isDocument } from "../../model/conversions.ts";
import type { Deps } from "../deps.ts";

/** What a conversion lacks: a field of the record, or of the document (`data.SagsArt`), with the rule. */
export interface Missing {
  readonly field: string;
  readonly code: "missing" | "gln_required" | "code_unknown";
  /** The code that the ledger's list does not hold. */
  readonly detail?: string;
}

/** The documents that a connection takes, by its connector's word for these settings. */
export function documentTypesOf(deps: Deps, connection: string): Readonly<Partial<Record<DocumentKind, DocumentType>>> {
  const { documents, settings } = deps.connectorOf(connection);
  return documents?.(settings.parse(deps.connection(connection).settings)) ?? {};
}

/** What a document needs besides its account, by the names of who takes it. */
export type DocumentNeeds = Pick<DocumentType, "required" | "from">;

/** The documents that can be made for a connection, by its ledger or by whoever they are handed over to. */
export const documentNeedsOf = (
  deps: Deps,
  connection: string,
): Readonly<Partial<Record<DocumentKind, DocumentNeeds>>> => ({
  ...documentTypesOf(deps, connection),
  ...deps.connection(connection).handOver,
});

const isBlank = (value: unknown): boolean => value === undefined || value === null || value === "";

/** The fields of a document: what the caller gives, else what the record knows. Without account and marker. */
export function documentData(
  type: DocumentNeeds,
  values: Values,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const known = Object.entries(type.from ?? {}).flatMap(([remote, field]) =>
    isBlank(values[field]) ? [] : [[remote, values[field]] as const],
  );
  return { ...Object.fromEntries(known), ...given };
}

/**
 * Everything that a conversion lacks, told at once (S82–S87): what the ledger needs of an account, the minimum fields of
 * the document, and the EAN-lokationsnummer without which an authority cannot be invoiced (domain notes, d.7). Pure.
 */
export function missingFor(
  to: ConversionTarget,
  {
    values,
    mapping,
    type,
    given,
  }: {
    readonly values: Values;
    readonly mapping: CompiledMapping;
    readonly type: DocumentNeeds | undefined;
    readonly given: Readonly<Record<string, unknown>>;
  },
): Missing[] {
  const fields = new Set(["firmanavn", ...mapping.requiredAtCreate]);
  const missing: Missing[] = [...fields].flatMap((field) =>
    isBlank(values[field]) ? [{ field, code: "missing" as const }] : [],
  );
  if (to === "faktura" && values.kundetype === "BTG" && !isValidGln(String(values.eanLokationsnr ?? "")))
    missing.push({ field: "eanLokationsnr", code: "gln_required" });
  if (isDocument(to) && type !== undefined) {
    const data = documentData(type, values, given);
    for (const field of type.required)
      if (isBlank(data[field])) missing.push({ field: `data.${field}`, code: "missing" });
  }
  return missing;
}
