import type { MappedUnit } from "../mappings/mapping.ts";
import { catalogueOf } from "../model/catalogue.ts";
import type { Deps } from "./deps.ts";

/** One object of a connection, as a record of processing names it: who gets or gives which personal data. */
export interface RegisterEntry {
  readonly connection: string;
  readonly connector: string;
  readonly object: string;
  readonly side: string;
  /** Whose data: of companies (personal where one person is the company), or of contacts. */
  readonly registered: "kundeemne" | "kontaktperson";
  /** Fields of personal data that come from there, and that go there, by the catalogue's names. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

export interface ProcessingRegister {
  readonly controller: string | null;
  readonly purpose: string;
  readonly entries: readonly RegisterEntry[];
  /** Campaign tools, which are handed addresses and the fields of their mapping. */
  readonly campaignTools: readonly string[];
  /** Days until what is finished with is dropped, by kind. */
  readonly deletion: Readonly<Record<string, number>>;
  readonly bookkeeping: { readonly years: number; readonly financialYearEnds: string };
}

const MS_PER_DAY = 86_400_000;
const BOOKKEEPING_YEARS = 5;

/** The record of processing (GDPR art. 30; domain notes, d.10), from the configuration and the mappings in force: never written by hand. */
export function processingRegister(deps: Deps): ProcessingRegister {
  const { connections, retention, gdpr } = deps.config;
  const entries = Object.values(connections).flatMap(({ name, connector, objects }) =>
    Object.entries(objects).flatMap(([object, { side, direction }]): RegisterEntry[] => {
      const mapping = deps.mappingOf(name, object);
      if (mapping === undefined || direction === "off") return [];
      const { fields, unitOf } = catalogueOf(mapping.as);
      const isPersonal = ({ unit, view }: MappedUnit): boolean =>
        view !== undefined ||
        Object.entries(fields).some(
          ([field, known]) => unitOf.get(field)?.name === unit && known.personalData !== "no",
        );
      const going = (way: "in" | "out") =>
        [
          ...new Set(
            mapping.units.flatMap((each) =>
              [way, "both"].includes(each.direction) && isPersonal(each) ? [each.unit] : [],
            ),
          ),
        ].sort();
      const from = direction === "out" ? [] : going("in");
      const to = direction === "in" ? [] : going("out");
      return [{ connection: name, connector, object, side, registered: mapping.as, from, to }];
    }),
  );
  const days = Object.entries(retention).map(([kind, ms]) => [
    kind.replace(/Ms$/, ""),
    Math.round((ms / MS_PER_DAY) * 10) / 10,
  ]);
  return {
    controller: gdpr.controller ?? null,
    purpose: gdpr.purpose,
    entries,
    campaignTools: Object.values(connections)
      .flatMap(({ name, side }) => (side === "audience" ? [name] : []))
      .sort(),
    deletion: Object.fromEntries(days),
    bookkeeping: { years: BOOKKEEPING_YEARS, financialYearEnds: gdpr.financialYearEnds },
  };
}
