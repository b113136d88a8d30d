import { z } from "zod";
import type { DocumentKind } from "../../model/conversions.ts";
import type { DocumentType } from "../connector.ts";

const field = z.string().min(1);

const document = z
  .strictObject({
    function: field.optional().describe("The function that takes it"),
    key: field.optional().describe("Field of the answer that holds its number"),
    account: field.optional().describe("Field that names the debitor"),
    marker: field.optional().describe("Text field that carries our mark and is shown again"),
    required: z.array(field).optional().describe("Minimum fields"),
    from: z.record(field, field).optional().describe("What a field takes of the record where nothing is given"),
  })
  .describe("An installation's own names");

/** Documents that the installation takes; names that are not said are the shipped ones. Absent: it takes none. */
export const documentsSetting = z.partialRecord(z.enum(["tilbud", "ordre", "faktura", "sag"]), document).optional();

const shared = { account: "DKontonr", marker: "Reference", required: [], from: {} } as const;

/** Published are DKontonr, SagsArt and Ansvarlig of a sag; the other names are inferred in the same style (domain notes, b1). */
const shipped: Readonly<Record<DocumentKind, DocumentType>> = {
  tilbud: { ...shared, remote: "Tilbud", key: "TilbudNr" },
  ordre: { ...shared, remote: "Ordrer", key: "OrdreNr" },
  faktura: { ...shared, remote: "Fakturaer", key: "FakturaNr" },
  sag: {
    ...shared,
    remote: "Sager",
    key: "SagsNr",
    required: ["SagsArt", "Ansvarlig"],
    from: { Ansvarlig: "ansvarligSaelger" },
  },
};

export function documentTypes(
  wished: z.output<typeof documentsSetting>,
): Readonly<Partial<Record<DocumentKind, DocumentType>>> {
  const taken: Partial<Record<DocumentKind, DocumentType>> = {};
  for (const kind of Object.keys(shipped) as DocumentKind[]) {
    const own = wished?.[kind];
    if (own === undefined) continue;
    const start = shipped[kind];
    taken[kind] = {
      remote: own.function ?? start.remote,
      key: own.key ?? start.key,
      account: own.account ?? start.account,
      marker: own.marker ?? start.marker,
      required: own.required ?? start.required,
      from: own.from ?? start.from ?? {},
    };
  }
  return taken;
}
