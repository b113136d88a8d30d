export const documentKinds = ["tilbud", "ordre", "faktura", "sag"] as const;
/** What a Kundeemne can be converted to (S82–S87). */
export const conversionTargets = ["debitor", "kreditor", ...documentKinds] as const;

export type ConversionTarget = (typeof conversionTargets)[number];
export type DocumentKind = (typeof documentKinds)[number];

/** The ledger's object that a conversion makes, or that its document stands on: a document always needs a debitor. */
export const accountOf = (to: ConversionTarget): "debitor" | "kreditor" => (to === "kreditor" ? "kreditor" : "debitor");

export const isDocument = (to: ConversionTarget): to is DocumentKind => to !== "debitor" && to !== "kreditor";
