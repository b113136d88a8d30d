import { isGenericName } from "./generic-names.ts";
import { keyDa } from "./text.ts";

export interface CompanyName {
  /** What two spellings of one company share: legal form, status, punctuation gone, Danish letters written out. */
  readonly key: string;
  /** The legal form that was taken out: `A/S`, `ApS`, … The last one, where several stand in the name. */
  readonly form?: string;
  /** Who stands behind `v/`, folded like the key; its form, where it has one, is the form. */
  readonly owner?: string;
  /** The key says a trade and no name (`Malerfirma`): never match on it alone. */
  readonly generic: boolean;
}

const STATUS =
  /(?:\bunder (?:konkurs|likvidation|frivillig likvidation|tvangsopløsning|tvangsopl(?:oe|o)sning|rekonstruktion)\b|\bi (?:frivillig )?likvidation\b)/g;
const OWNER = /(?<![\p{L}\p{N}])v\s*\/\s*(.*)$/su;
const AND = /[&+]/g;
const APOSTROPHES = /['’´`]/g;
const NOT_WORD = /[^\p{L}\p{N}]+/gu;
const SLASH_FORM = "[aikp]\\s?\\/\\s?s";
const DOTTED_FORM = "a\\.\\s?s\\.?|[afsg]\\.?\\s?m\\.?\\s?b\\.?\\s?a\\.?";
const WORD_FORM =
  "aps|ivs|pmv|aktieselskab(?:et)?|anpartsselskab(?:et)?|interessentskab(?:et)?|kommanditselskab(?:et)?|partnerselskab(?:et)?|iværksætterselskab(?:et)?|ivaerksaetterselskab(?:et)?|enkeltmandsvirksomhed(?:en)?";
const FORM = new RegExp(`(?<![\\p{L}\\p{N}./])(?:${SLASH_FORM}|${DOTTED_FORM}|${WORD_FORM})(?![\\p{L}\\p{N}/])`, "gu");
const LAST_AS = /(?<![\p{L}\p{N}])as[\s.)]*$/u;
/** Signs that a second look is needed because removing one part has joined two others. */
const MAY_FOLD_FURTHER =
  /\b(?:under|likvidation|aps|ivs|pmv|as|[afsg] ?m ?b ?a|aktieselskab|anpartsselskab|interessentskab|kommanditselskab|partnerselskab|ivaerksaetterselskab|enkeltmandsvirksomhed)/;

const FORMS: { readonly [written: string]: string } = {
  aps: "ApS",
  anpartsselskab: "ApS",
  as: "A/S",
  aktieselskab: "A/S",
  is: "I/S",
  interessentskab: "I/S",
  ks: "K/S",
  kommanditselskab: "K/S",
  ps: "P/S",
  partnerselskab: "P/S",
  ivs: "IVS",
  iværksætterselskab: "IVS",
  ivaerksaetterselskab: "IVS",
  pmv: "PMV",
  enkeltmandsvirksomhed: "Enkeltmandsvirksomhed",
  amba: "A.M.B.A.",
  fmba: "F.M.B.A.",
  smba: "S.M.B.A.",
  gmba: "G.M.B.A.",
};

/** Folds a company's name for comparing (domain notes, e.6). The key is never empty for a name with any sign in it. */
export function nameKey(firmanavn: string): CompanyName {
  const lower = firmanavn.normalize("NFC").toLowerCase().trim();
  const first = foldOnce(lower);
  let { key } = first;
  while (MAY_FOLD_FURTHER.test(key)) {
    const again = foldOnce(key).key;
    if (again === key) break;
    key = again;
  }
  return { ...first, key, generic: isGenericName(key) };
}

interface Folded {
  readonly key: string;
  readonly form?: string;
  readonly owner?: string;
}

function foldOnce(lower: string): Folded {
  let text = lower.includes("under ") || lower.includes("likvidation") ? lower.replace(STATUS, " ") : lower;
  const owner = text.includes("/") ? OWNER.exec(text) : null;
  if (owner) text = text.slice(0, owner.index);
  let form: string | undefined;
  const takeForm = (written: string): string => {
    const letters = written.replace(/[^\p{L}]/gu, "");
    form = FORMS[letters] ?? FORMS[letters.replace(/e[tn]$/, "")] ?? form;
    return " ";
  };
  const named = fold(text.replace(FORM, takeForm).replace(LAST_AS, takeForm));
  const ownerKey = owner?.[1] === undefined ? "" : fold(owner[1].replace(FORM, takeForm).replace(LAST_AS, takeForm));
  return {
    key: named === "" ? fold(lower) || lower : named,
    ...(form === undefined ? {} : { form }),
    ...(ownerKey === "" ? {} : { owner: ownerKey }),
  };
}

const fold = (text: string): string =>
  keyDa(text.replace(AND, " og ").replace(APOSTROPHES, "")).replace(NOT_WORD, " ").trim();
