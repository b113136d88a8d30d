import { addressKey } from "./address.ts";
import { type CompanyName, nameKey } from "./company-name.ts";
import { isValidCvr } from "./cvr.ts";
import { readEmailDomain } from "./email-domain.ts";
import { readableText } from "./encoding.ts";
import { isGenericName } from "./generic-names.ts";
import { isValidGln } from "./gln.ts";
import { plainDanish, readPhone } from "./phone.ts";
import { soundKey } from "./sound-key.ts";
import { keyLoose } from "./text.ts";

/** What is known of one side. Absent and null are the same: no evidence. */
export interface MatchFacts {
  readonly cvrNr?: string | null;
  readonly seNr?: string | null;
  readonly pNumre?: readonly string[] | null;
  readonly krakId?: string | null;
  readonly kobId?: string | null;
  readonly tdcId?: string | null;
  readonly googlePlaceId?: string | null;
  readonly eanLokationsnr?: string | null;
  readonly firmanavn?: string | null;
  readonly adresse1?: string | null;
  /** Read where the first line names no house: some systems have the two lines the other way round. */
  readonly adresse2?: string | null;
  readonly postnr?: string | null;
  readonly landekode?: string | null;
  readonly telefon?: string | null;
  readonly emailDomaener?: readonly string[] | null;
  /** `BTC`: persons, of whom two at one address may bear one name. */
  readonly kundetype?: string | null;
}

/** What facts are worth, in the form in which it is compared. Numbers that fail their check are null. */
export interface Evidence {
  readonly cvr: string | null;
  readonly se: string | null;
  readonly gln: string | null;
  readonly name: CompanyName | null;
  /** The name's loose key: o for ø, a for å. */
  readonly loose: string;
  /** Country, postal code, street, house number. */
  readonly house: string | null;
  /** Country and postal code. */
  readonly postal: string | null;
  /** E.164, of a subscriber. */
  readonly phone: string | null;
  /** Domains of the company's own. */
  readonly domains: readonly string[];
  /** Of the three longest words of the name that say more than a trade. */
  readonly sounds: readonly string[];
  /** A trade without an owner (`Malerfirma`) is nobody's name. */
  readonly isBareTrade: boolean;
  readonly isPerson: boolean;
}

const known = new WeakMap<MatchFacts, Evidence>();

/** Worked out once for a facts object: nobody changes facts in place. */
export function evidenceOf(facts: MatchFacts): Evidence {
  let evidence = known.get(facts);
  if (evidence === undefined) {
    evidence = weigh(facts);
    known.set(facts, evidence);
  }
  return evidence;
}

function weigh(facts: MatchFacts): Evidence {
  const { firmanavn, adresse1, adresse2, postnr, landekode } = facts;
  const named = firmanavn ? namedBy(firmanavn) : NAMELESS;
  const houseOf = (line: string | null | undefined): string | null =>
    line ? addressKey({ adresse1: readableText(line), postnr, landekode }) : null;
  const country = landekode ? landekode.trim().toUpperCase() : "DK";
  return {
    cvr: validOr(facts.cvrNr, isValidCvr),
    se: validOr(facts.seNr, isValidCvr),
    gln: validOr(facts.eanLokationsnr, isValidGln),
    ...named,
    house: houseOf(adresse1) ?? houseOf(adresse2),
    postal: postnr ? `${country}|${postnr.replace(/\s+/g, "").toUpperCase().replace(`${country}-`, "")}` : null,
    phone: facts.telefon ? subscriber(facts.telefon, country) : null,
    domains: ownDomains(facts.emailDomaener ?? []),
    isPerson: facts.kundetype === "BTC",
  };
}

function subscriber(telefon: string, country: string): string | null {
  const plain = country === "DK" ? plainDanish(telefon) : null;
  if (plain !== null) return plain;
  const phone = readPhone(telefon, country);
  return phone.ok && phone.value.kind === "subscriber" ? phone.value.e164 : null;
}

const ownDomains = (typed: readonly string[]): readonly string[] => {
  const domains = typed.flatMap((each) => {
    const domain = readEmailDomain(each);
    return domain.ok ? [domain.value] : [];
  });
  return domains.length < 2 ? domains : [...new Set(domains)].sort();
};

type Named = Pick<Evidence, "name" | "loose" | "sounds" | "isBareTrade">;

const NAMELESS: Named = { name: null, loose: "", sounds: [], isBareTrade: false };
/** By the name as typed: most of a record's changes leave it as it is. A cache without state of its own. */
const namedByText = new Map<string, Named>();
const NAMES_KEPT = 8_192;

function namedBy(firmanavn: string): Named {
  let named = namedByText.get(firmanavn);
  if (named === undefined) {
    const name = nameKey(readableText(firmanavn));
    const isBareTrade = name.generic && name.owner === undefined;
    named = { name, loose: keyLoose(name.key), sounds: soundsOf(name), isBareTrade };
    if (namedByText.size >= NAMES_KEPT) namedByText.clear();
    namedByText.set(firmanavn, named);
  }
  return named;
}

const MOST_SOUNDS = 3;
const LETTER = /\p{L}/u;

/** `Byg` brings all builders of a town together: what only says a trade counts where the name has nothing else. */
function soundsOf(name: CompanyName): string[] {
  const all = [...new Set(name.key.split(" "))].filter((word) => LETTER.test(word));
  const names = all.filter((word) => !isGenericName(word));
  const words = (names.length > 0 ? names : all).sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  return [...new Set(words.slice(0, MOST_SOUNDS).map((word) => soundKey(keyLoose(word))))];
}

const validOr = (value: string | null | undefined, isValid: (text: string) => boolean): string | null =>
  value !== null && value !== undefined && isValid(value) ? value : null;
