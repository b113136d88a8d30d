/**
 * What reading a text gives: a value with its warnings, or the reason why there is none. A `detail` is a sentence for a
 * person; it never quotes the text that was read, because that may be somebody's CPR number.
 */
export type Reading<T> = { readonly ok: true; readonly value: T; readonly warnings: readonly Warning[] } | Fault;

export interface Fault {
  readonly ok: false;
  readonly code: FaultCode;
  readonly detail: string;
}

export interface Warning {
  readonly code: WarningCode;
  readonly detail: string;
}

export type FaultCode =
  | "amount_shape"
  | "country_unknown"
  | "cpr_like"
  | "currency_inactive"
  | "currency_unknown"
  | "cvr_check_digit"
  | "cvr_shape"
  | "cvr_zero"
  | "date_invalid"
  | "date_shape"
  | "email_domain_public"
  | "email_domain_shape"
  | "form_unknown"
  | "gln_check_digit"
  | "gln_shape"
  | "not_encodable"
  | "p_number_shape"
  | "phone_length"
  | "phone_prefix"
  | "phone_shape"
  | "industry_shape"
  | "industry_unknown"
  | "postnr_shape"
  | "se_check_digit"
  | "se_shape"
  | "se_zero"
  | "vat_prefix"
  | "vat_shape";

export type WarningCode =
  | "country_not_iso"
  | "currency_withdrawn"
  | "date_blank"
  | "encoding_guessed"
  | "gln_not_danish"
  | "house_number_range"
  | "phone_extra"
  | "phone_m2m"
  | "phone_not_assigned"
  | "phone_short_code"
  | "postnr_country"
  | "postnr_obsolete"
  | "postnr_unknown"
  | "town_differs"
  | "vat_not_placed"
  | "vat_pattern_unknown"
  | "vat_prefix_replaced";

const NO_WARNINGS: readonly Warning[] = Object.freeze([]);

export const read = <T>(value: T, ...warnings: readonly Warning[]): Reading<T> => ({
  ok: true,
  value,
  warnings: warnings.length === 0 ? NO_WARNINGS : warnings,
});

export const fault = (code: FaultCode, detail: string): Fault => ({ ok: false, code, detail });

export const warning = (code: WarningCode, detail: string): Warning => ({ code, detail });

/** How a text may be described to a person without quoting it. */
export const shapeOf = (text: string): string => `a text of ${text.length} character${text.length === 1 ? "" : "s"}`;
