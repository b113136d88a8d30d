/** The verbs of the API; there is no PATCH. */
export const VERBS = ["get", "put", "post", "delete"] as const;
export type Verb = (typeof VERBS)[number];

/** An object as it is shown: every value is a string, decimals with a point, booleans "1" and "0", dates yyyy-mm-dd. */
export type Row = Readonly<Record<string, string>>;

/** One function of the API, as data. Names are the installation's, so nothing here is a constant of the protocol. */
export interface TableDefinition {
  readonly key: string;
  /** All other fields, in the order in which they are shown. */
  readonly fields: readonly string[];
  /** Worked out by the ledger: accepted in a body and ignored. */
  readonly computed: readonly string[];
  /** Kept by the ledger's own people: accepted in a body and ignored, as computed ones are. */
  readonly erpOnly: readonly string[];
  /** May not be empty, neither in a new object nor after a change. */
  readonly required: readonly string[];
  readonly max: Readonly<Record<string, number>>;
  /** A value outside its list is refused; the empty value never is. */
  readonly codes: Readonly<Record<string, readonly string[]>>;
  /** Fields that must hold a location number with a right check digit. */
  readonly locationNumbers: readonly string[];
  /** Field to table: the value must be the key of a row there, and that row is in use as long as it is named. */
  readonly references: Readonly<Record<string, string>>;
  /** What an object created without the field gets; all else is empty. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly series: { readonly first: number; readonly width: number };
  /** Who gives a new object its key. */
  readonly numbers: "erp" | "caller";
  readonly verbs: readonly Verb[];
  readonly unknownFields: "ignore" | "refuse";
}

/** What a test or a start-up changes of a table; `like` names the shipped table that a new name starts from. */
export type TableSettings = Partial<TableDefinition> & { readonly like?: string };

const plain = {
  computed: [],
  erpOnly: [],
  required: ["Navn"],
  max: {},
  codes: {},
  locationNumbers: [],
  references: {},
  defaults: {},
  numbers: "erp",
  verbs: VERBS,
  unknownFields: "ignore",
} as const satisfies Partial<TableDefinition>;

const masterData = [
  ..."Søgenavn SE_Nr Navn Adr1 Adr2 PostNr ByNavn Land Att Kontakt Telefon Mobil Fax".split(" "),
  ..."Email EmailBoghFak Hjemmeside".split(" "),
];
const account = "Saldo SaldoVal Valuta Moms Gruppe BetBet LevBet Afdeling".split(" ");
const balances = { computed: ["Saldo", "SaldoVal"], defaults: { Saldo: "0.00", SaldoVal: "0.00", Spærret: "0" } };
const delivery = ["Saelger", "Pakkeinfo", "Pallespec"];
/** All series start alike, as in real installations: number 06010001 may be a debitor, a kreditor and a Kundeemne. */
const series = { first: 6_010_001, width: 8 };

const debitorer: TableDefinition = {
  ...plain,
  key: "Kontonr",
  fields: [
    ...masterData,
    ...account,
    ..."EAN BetalerEANLokation KreditMax Spærret ExternRef LevID Lev_Att Lev_Adr1".split(" "),
    ...delivery,
  ],
  ...balances,
  erpOnly: ["KreditMax", "Spærret", "ExternRef"],
  locationNumbers: ["EAN", "BetalerEANLokation"],
  series,
};

const kreditorer: TableDefinition = {
  ...plain,
  key: "Kontonr",
  fields: [...masterData, ...account, "VoresKontonr", "Spærret", ...delivery],
  ...balances,
  erpOnly: ["Spærret"],
  series,
};

const kundeEmner: TableDefinition = {
  ...plain,
  key: "Kontonr",
  fields: [
    ...masterData,
    ..."BesoegAdr1 BesoegAdr2 BesoegPostNr BesoegByNavn BesoegLand".split(" "),
    ..."Valuta Moms GruppeDeb GruppeKred BetBet LevBet Afdeling EAN Saelger".split(" "),
    ..."EmneType Leadkilde Status Branche BrancheKlass Maalgruppe Interesser Kundetype AntalMedarb".split(" "),
    ..."Bemaerk1 Bemaerk2 Bemaerk3 OverordnetTekst Pakkeinfo Pallespec Titler Profiler".split(" "),
    ..."TilladKampagne GdprOK GdprDato KrakId KobId TdcId GooglePlaceId MaaOpdateresAuto".split(" "),
    ..."Lat Lng P_Numre EmailDomaene Arkiveret".split(" "),
  ],
  locationNumbers: ["EAN"],
  defaults: { TilladKampagne: "0", GdprOK: "0", MaaOpdateresAuto: "1", Arkiveret: "0" },
  series,
};

const kontaktpersoner: TableDefinition = {
  ...plain,
  key: "Id",
  fields: "EmneNr Navn Titel Profil Telefon Mobil Fax Email Primaer".split(" "),
  required: ["Navn", "EmneNr"],
  references: { EmneNr: "KundeEmner" },
  defaults: { Primaer: "0" },
  series: { first: 1001, width: 1 },
};

/** What an installation offers when nothing else is said. */
export const shippedTables: Readonly<Record<string, TableDefinition>> = {
  Debitorer: debitorer,
  Kreditorer: kreditorer,
  KundeEmner: kundeEmner,
  Kontaktpersoner: kontaktpersoner,
};

/** The tables of an installation: the shipped ones with `settings` laid over them, kept to `functions` when given. */
export function tablesFor(
  settings: Readonly<Record<string, TableSettings>> = {},
  functions?: readonly string[],
): Record<string, TableDefinition> {
  const names = functions ?? [...new Set([...Object.keys(shippedTables), ...Object.keys(settings)])];
  return Object.fromEntries(
    names.map((name) => {
      const { like, ...changed } = settings[name] ?? {};
      const start = shippedTables[like ?? name];
      if (start === undefined) throw new Error(`Table ${name}: say in "like" which shipped table it starts from`);
      return [name, { ...start, ...changed }];
    }),
  );
}
