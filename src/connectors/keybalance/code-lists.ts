import { z } from "zod";
import { kundeemneCatalogue } from "../../model/catalogue.ts";
import type { CodeListType } from "../connector.ts";

const remote = z.string().min(1);

const list = z.strictObject({
  function: remote.describe("The function that lists the codes"),
  key: remote.default("Kode").describe("Field of the code"),
  text: remote.default("Tekst").describe("Field of its name"),
});

const byField = z.record(
  z.string().refine((field) => kundeemneCatalogue.fields[field] !== undefined, "There is no field of this name"),
  list,
);

/** Names are the installation's: none is published, so no list is read unless it is named. */
export const codeListsSetting = z
  .strictObject({ debitor: byField.optional(), kreditor: byField.optional() })
  .optional();

export const codeListTypes = (wished: z.output<typeof codeListsSetting>): readonly CodeListType[] =>
  (["debitor", "kreditor"] as const).flatMap((object) =>
    Object.entries(wished?.[object] ?? {}).map(([field, { function: name, key, text }]) => ({
      ...{ object, field, remote: name, key, text },
    })),
  );
