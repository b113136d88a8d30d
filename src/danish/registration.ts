import { danishDigits, isValidCvr, looksLikeCpr } from "./cvr.ts";
import { fault, type Reading, read, warning } from "./result.ts";
import { compactVat, foreignPrefix, readEuVat } from "./vat.ts";

/** The group of rule R2 that many remotes keep in one field (KeyBalance: `SE_Nr`). */
export interface Registration {
  readonly cvrNr: string | null;
  readonly seNr: string | null;
  readonly euVatNr: string | null;
}

const EIGHT_DIGITS = /^\d{8}$/;

/**
 * The form in which registration numbers are compared: eight digits for a Danish one, upper case without punctuation for
 * others (`GR` as `EL`). Null means empty. A text of signs only stands for itself, so that it is not taken for empty.
 */
export function vatToken(text: string): string | null {
  if (EIGHT_DIGITS.test(text)) return text;
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const danish = danishDigits(trimmed);
  if (danish !== null) return danish;
  const compact = compactVat(trimmed);
  if (compact === "") return trimmed;
  const danishAfterAll = danishDigits(compact);
  if (danishAfterAll !== null) return danishAfterAll;
  return foreignPrefix(compact) === "GR" ? `EL${compact.slice(2)}` : compact;
}

/** The token with what a person should know of it: a CPR-like number is refused, an unreadable one kept and told of. */
export function readRegistration(text: string): Reading<string | null> {
  const token = vatToken(text);
  if (token === null || isValidCvr(token)) return read(token);
  if (looksLikeCpr(text))
    return fault("cpr_like", "Ten digits may be a CPR number, which is not accepted as a registration number.");
  if (foreignPrefix(token) !== null) {
    const foreign = readEuVat(token);
    if (foreign.ok) return foreign;
    return read(token, warning("vat_not_placed", foreign.detail));
  }
  return read(token, warning("vat_not_placed", "This is neither a valid Danish number nor a foreign VAT number."));
}

/**
 * The group after a remote's one number was taken into it (rule R2). Equal to any of the known numbers: nothing changes.
 * A foreign number goes to `euVatNr`; a Danish one to `seNr` where a valid CVR number is known, else to `cvrNr`. What
 * cannot be read is kept as typed in the same place, so that it never pushes a valid CVR number aside. Empty empties
 * the group. A CPR-like number is never taken.
 */
export function placeVat(text: string, known: Registration): Registration {
  const token = vatToken(text);
  if (token === null) return { cvrNr: null, seNr: null, euVatNr: null };
  if (vatAgrees(known, token) || looksLikeCpr(text)) return known;
  const danish = danishDigits(token);
  if (danish === null && foreignPrefix(token) !== null) return { ...known, euVatNr: token };
  const value = danish ?? text.trim();
  return known.cvrNr !== null && isValidCvr(danishDigits(known.cvrNr) ?? "")
    ? { ...known, seNr: value }
    : { ...known, cvrNr: value };
}

/** What a remote with one number is sent: the unit's own VAT registration before the company's, before a foreign one. */
export const outVat = (group: Registration): string | null => group.seNr ?? group.cvrNr ?? group.euVatNr;

/** Is the token (any spelling) one of the group's numbers? Then the remote says nothing new. */
export function vatAgrees(group: Registration, token: string): boolean {
  const wanted = vatToken(token);
  if (wanted === null) return false;
  return same(group.cvrNr, wanted) || same(group.seNr, wanted) || same(group.euVatNr, wanted);
}

const same = (known: string | null, token: string): boolean =>
  known !== null && (known === token || vatToken(known) === token);
