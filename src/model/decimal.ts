const plain = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/**
 * The one spelling of an exact decimal: no plus, no leading or trailing zeros, no `-0` (`+007.50` → `7.5`); undefined for
 * what is none. Money never passes through binary floats.
 */
export function canonicalDecimal(text: string): string | undefined {
  const [, sign, whole = "", fraction = ""] = plain.exec(text) ?? [];
  if (sign === undefined || whole + fraction === "") return undefined;
  const digits = whole.replace(/^0+(?=\d)/, "") || "0";
  const rest = fraction.replace(/0+$/, "");
  const value = rest === "" ? digits : `${digits}.${rest}`;
  return sign === "-" && value !== "0" ? `-${value}` : value;
}

/** Digits after the point of a canonical decimal. */
export const scaleOf = (canonical: string): number => {
  const point = canonical.indexOf(".");
  return point < 0 ? 0 : canonical.length - point - 1;
};
