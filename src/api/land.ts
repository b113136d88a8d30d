import { countryName, readCountry } from "../danish/country.ts";
import type { Values } from "../model/catalogue.ts";
import type { Language } from "./language.ts";
import type { Fault } from "./problems.ts";

/**
 * `land` is landekode as a name, Danish or English (S12): written it sets the code, an unknown name is an error and never
 * Denmark. Sets `values.landekode`; answers the fault, if any.
 */
export function readLand(land: unknown, values: Values): Fault | undefined {
  const pointer = "/land";
  if (land !== null && typeof land !== "string") return { pointer, code: "wrong_type", facts: { expected: "string" } };
  const reading = land === null || land.trim() === "" ? undefined : readCountry(land);
  if (reading !== undefined && !reading.ok) return { pointer, code: reading.code, detail: reading.detail };
  const code = reading?.value ?? null;
  if (values.landekode !== undefined && values.landekode !== code) {
    return { pointer, code: "contradiction", facts: { field: "land", other: "landekode" } };
  }
  values.landekode = code;
  return undefined;
}

/** The name of a record's country in the language of the answer. */
export const landOf = (values: Values, language: Language): string | null =>
  typeof values.landekode === "string" ? (countryName(values.landekode, language) ?? null) : null;
