import { z } from "zod";
import type { DealingField } from "../../mappings/dealing.ts";
import { dealingKinds, dealings } from "../../model/dealings.ts";
import type { DealingType } from "../connector.ts";

const name = z.string().min(1);

const field = z.union([
  name.transform((remote): DealingField => ({ remote })),
  z.strictObject({ remote: name, codes: z.record(z.string(), name).describe("Our codes and the installation's") }),
]);

const dealing = z
  .strictObject({
    function: name.optional().describe("The function that lists them"),
    key: name.optional().describe("Field that holds the number"),
    account: name.optional().describe("Field that names whom they hang on"),
    object: name.optional().describe("Whose number that is: debitor, kundeemne"),
    fields: z
      .record(z.string(), field)
      .optional()
      .describe("Our field and the installation's; lies over the shipped ones"),
  })
  .describe("An installation's own names");

/** Aktiviteter, opgaver, tilbud and noter that the installation shows. Absent: none is read. */
export const dealingsSetting = z
  .partialRecord(z.enum(dealingKinds), dealing)
  .check((context) => {
    for (const kind of dealingKinds)
      for (const key of Object.keys(context.value[kind]?.fields ?? {}))
        if (dealings[kind].catalogue.fields[key] === undefined)
          context.issues.push({
            ...{ code: "custom", input: key, path: [kind, "fields", key] },
            message: "There is no field of this name",
          });
  })
  .optional();

const crm = { key: "Id", account: "EmneNr", object: "kundeemne" } as const;

/** None of these names is published; they are inferred in the style of those that are (domain notes, a8 and b1). */
const shipped: Readonly<Record<(typeof dealingKinds)[number], Omit<DealingType, "kind">>> = {
  tilbud: {
    ...{ remote: "Tilbud", key: "TilbudNr", account: "DKontonr", object: "debitor" },
    fields: {
      nr: { remote: "TilbudNr" },
      dato: { remote: "Dato" },
      status: {
        remote: "Status",
        codes: {
          ...{ aabent: "Åbent", accepteret: "Accepteret", afvist: "Afvist", udloebet: "Udløbet" },
          annulleret: "Annulleret",
        },
      },
      titel: { remote: "Tekst" },
      saelger: { remote: "Saelger" },
      beloeb: { remote: "Beløb" },
      valuta: { remote: "Valuta" },
      kurs: { remote: "Kurs" },
    },
  },
  aktiviteter: {
    ...crm,
    remote: "CRMAktiviteter",
    fields: {
      type: {
        remote: "Type",
        codes: {
          ...{ moede: "Møde", opkald: "Opkald", tilbud: "Tilbud", notat: "Notat", opfoelgning: "Opfølgning" },
          ...{ mail: "Mail", kampagne: "Kampagne" },
        },
      },
      dato: { remote: "Dato" },
      saelger: { remote: "Saelger" },
      notat: { remote: "Notat" },
      opfoelgningsdato: { remote: "Opfølgningsdato" },
      salgsprojekt: { remote: "Salgsprojekt" },
      vaerdi: { remote: "Værdi" },
    },
  },
  opgaver: {
    ...crm,
    remote: "Opgaver",
    fields: {
      tekst: { remote: "Tekst" },
      ansvarlig: { remote: "Ansvarlig" },
      opfoelgningsdato: { remote: "Opfølgningsdato" },
      status: { remote: "Status", codes: { aaben: "Åben", udfoert: "Udført", annulleret: "Annulleret" } },
    },
  },
  noter: { ...crm, remote: "Noter", fields: { tekst: { remote: "Tekst" }, forfatter: { remote: "Forfatter" } } },
};

export const dealingTypes = (wished: z.output<typeof dealingsSetting>): readonly DealingType[] =>
  dealingKinds.flatMap((kind): DealingType[] => {
    const own = wished?.[kind];
    const start = shipped[kind];
    if (own === undefined) return [];
    return [
      {
        kind,
        remote: own.function ?? start.remote,
        key: own.key ?? start.key,
        account: own.account ?? start.account,
        object: own.object ?? start.object,
        fields: { ...start.fields, ...own.fields },
      },
    ];
  });
