/** ISO 4217 as of 2026-11, without funds, metals and test codes. Source: the standard's list one and list three. */
export interface Currency {
  readonly digits: number;
  /** First day of use, where that lies in this century's records. */
  readonly from?: string;
  /** First day on which it is no longer legal tender. */
  readonly until?: string;
  readonly successor?: string;
}

const TWO_DIGITS = `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD
KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW`;
const NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND";

const SPECIAL: readonly (readonly [string, Currency])[] = [
  ["XCG", { digits: 2, from: "2025-03-31" }],
  ["ZWG", { digits: 2, from: "2024-04-08" }],
  ["ANG", { digits: 2, until: "2025-07-01", successor: "XCG" }],
  ["ATS", { digits: 2, until: "2002-03-01", successor: "EUR" }],
  ["BEF", { digits: 0, until: "2002-03-01", successor: "EUR" }],
  ["BGN", { digits: 2, until: "2026-01-01", successor: "EUR" }],
  ["BYR", { digits: 0, until: "2017-01-01", successor: "BYN" }],
  ["CYP", { digits: 2, until: "2008-01-01", successor: "EUR" }],
  ["DEM", { digits: 2, until: "2002-01-01", successor: "EUR" }],
  ["EEK", { digits: 2, until: "2011-01-01", successor: "EUR" }],
  ["ESP", { digits: 0, until: "2002-03-01", successor: "EUR" }],
  ["FIM", { digits: 2, until: "2002-03-01", successor: "EUR" }],
  ["FRF", { digits: 2, until: "2002-02-17", successor: "EUR" }],
  ["GRD", { digits: 2, until: "2002-03-01", successor: "EUR" }],
  ["HRK", { digits: 2, until: "2023-01-01", successor: "EUR" }],
  ["IEP", { digits: 2, until: "2002-02-09", successor: "EUR" }],
  ["ITL", { digits: 0, until: "2002-03-01", successor: "EUR" }],
  ["LTL", { digits: 2, until: "2015-01-01", successor: "EUR" }],
  ["LUF", { digits: 0, until: "2002-03-01", successor: "EUR" }],
  ["LVL", { digits: 2, until: "2014-01-01", successor: "EUR" }],
  ["MTL", { digits: 2, until: "2008-01-01", successor: "EUR" }],
  ["NLG", { digits: 2, until: "2002-01-28", successor: "EUR" }],
  ["PTE", { digits: 0, until: "2002-03-01", successor: "EUR" }],
  ["SIT", { digits: 2, until: "2007-01-01", successor: "EUR" }],
  ["SKK", { digits: 2, until: "2009-01-01", successor: "EUR" }],
  ["SLL", { digits: 2, until: "2024-04-01", successor: "SLE" }],
  ["ZWL", { digits: 2, until: "2024-09-01", successor: "ZWG" }],
];

const plain = (codes: string, digits: number) =>
  codes.split(/\s+/).map((code): readonly [string, Currency] => [code, { digits }]);

export const currencies: ReadonlyMap<string, Currency> = new Map([
  ...plain(TWO_DIGITS, 2),
  ...plain(NO_DIGITS, 0),
  ...plain(THREE_DIGITS, 3),
  ...SPECIAL,
]);
