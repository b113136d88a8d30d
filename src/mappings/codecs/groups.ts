import type { Value } from "../../model/field.ts";
import { shapeOf } from "../shape.ts";
import { type GroupCodecDefinition, isMisread, misread } from "./codec.ts";
import { cleanText } from "./text.ts";

const interval = /^(\d{1,9})(?:\s*(?:-|–|til)\s*(\d{1,9}))?(\+?)$/;

/** `10-19`, `25` or `1000+` ↔ from and to. A single number is an interval of its own; `1000+` has no end. */
export const employeeInterval: GroupCodecDefinition = {
  name: "interval",
  fields: ["antalMedarbejdere.fra", "antalMedarbejdere.til"],
  remotes: 1,
  make: () => ({
    decode: ([remote]) => {
      if (remote === undefined) return [undefined, undefined];
      const text = remote === null ? "" : cleanText(remote);
      if (typeof text !== "string") return text;
      if (text === "") return [null, null];
      const [, from, to, open] = interval.exec(text) ?? [];
      if (from === undefined || (to !== undefined && open === "+")) {
        return misread("bad_value", `a whole number or an interval (10-19) is expected, not ${shapeOf(remote)}`);
      }
      return [Number(from), open === "+" ? null : Number(to ?? from)];
    },
    encode: ([from, to]) => {
      if (isBlank(from)) return isBlank(to) ? [""] : [`0-${to}`];
      if (isBlank(to)) return [`${from}+`];
      return [from === to ? String(from) : `${from}-${to}`];
    },
  }),
};

/**
 * A balance with its currency, in only: the amount in the account's currency where the remote has one, else the amount
 * in DKK. A blank currency is DKK. Remotes: amount in the currency, currency, amount in DKK.
 */
export const balance: GroupCodecDefinition = {
  name: "balance",
  fields: ["beloeb", "valuta"],
  remotes: 3,
  make: () => ({
    decode: ([inCurrency, currency, inDkk]) => {
      const foreign = amount(inCurrency);
      if (isMisread(foreign)) return foreign;
      if (typeof foreign === "string" && currency !== undefined) {
        const code = currency === null ? "" : cleanText(currency);
        return isMisread(code) ? code : [foreign, code === "" ? "DKK" : String(code).toUpperCase()];
      }
      const own = amount(inDkk);
      if (isMisread(own)) return own;
      if (own === undefined && foreign === undefined) return [undefined, undefined];
      return typeof own === "string" ? [own, "DKK"] : [null, null];
    },
  }),
};

const plainAmount = /^[+-]?(\d+(\.\d+)?|\.\d+)$/;

function amount(remote: unknown) {
  if (remote === undefined) return undefined;
  if (remote === null) return null;
  const text = cleanText(remote);
  if (typeof text !== "string") return text;
  if (text === "") return null;
  return plainAmount.test(text)
    ? text
    : misread("bad_value", `an amount with a decimal point is expected, not ${shapeOf(remote)}`);
}

const isBlank = (value: Value | undefined): boolean => value === null || value === undefined;
