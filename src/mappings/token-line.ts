import { outVat, vatAgrees, vatToken } from "../danish/registration.ts";
import type { Values } from "../model/catalogue.ts";
import { checkValue } from "../model/check-value.ts";
import type { Field, Value } from "../model/field.ts";
import { isMisread } from "./codecs/codec.ts";
import { readVatNumber } from "./codecs/vat-number.ts";
import { type CompiledLine, faultText, type LinePart, type LineWithheld } from "./line.ts";
import type { FieldFault, RemoteImage } from "./mapping.ts";

const text = (value: Value | undefined): string | null => (typeof value === "string" && value !== "" ? value : null);

export const registrationOf = (values: Values) => ({
  cvrNr: text(values.cvrNr),
  seNr: text(values.seNr),
  euVatNr: text(values.euVatNr),
});

export interface TokenLine {
  /** The claim's key: the name of the group. */
  readonly unit: string;
  readonly remote: string;
  /** The fields of the group, by name. */
  readonly fields: Readonly<Record<string, Field>>;
  readonly max: number | undefined;
  readonly empty: "" | null;
}

/**
 * The group registration in one remote field (rule R2). In: the number as it stands, which the decision places against
 * what is known. Out: the number by precedence, unless what the remote shows is any of ours already.
 */
export function tokenLine({ unit, remote, fields, max, empty }: TokenLine): CompiledLine {
  function read(image: RemoteImage, claims: Values, faults: FieldFault[]): void {
    const raw = image[remote];
    if (raw === undefined) return;
    const value = raw === null ? "" : readVatNumber(raw);
    if (isMisread(value)) faults.push({ field: unit, remote, code: value.code, detail: faultText(value.rule, raw) });
    else claims[unit] = value === "" ? null : value;
  }

  function write(values: Values, image: RemoteImage | null): LinePart | LineWithheld {
    const ours = registrationOf(values);
    const out = outVat(ours);
    const raw = image?.[remote];
    const shown = raw === undefined || raw === null ? raw : readVatNumber(raw);
    if (typeof shown === "string" && shown !== "") {
      const token = vatToken(shown);
      if (token !== null && vatAgrees(ours, token)) return { body: [[remote, raw]], sent: [[unit, shown]] };
    }
    if (out === null) {
      if (image === null) return { body: [], sent: [] };
      return { body: [[remote, shown === "" || shown === null ? raw : empty]], sent: [[unit, null]] };
    }
    for (const [name, field] of Object.entries(fields)) {
      const value = values[name] ?? null;
      if (typeof value !== "string" || vatToken(value) !== vatToken(out)) continue;
      const fault = checkValue(field, value);
      if (fault !== null) return { code: "invalid_value", detail: `${name}: ${fault.detail}` };
    }
    if (max !== undefined && out.length > max) {
      return { code: "too_long", detail: `${remote} takes ${max} characters at most` };
    }
    return { body: [[remote, out]], sent: [[unit, out]] };
  }

  return { keys: [unit], remotes: [remote], read, write };
}
