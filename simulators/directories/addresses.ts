import { type Answer, type Asked, type DirectorySimulator, startDirectory } from "./server.ts";

/** An address as the register keeps it; `x`, `y` in metres of EPSG:25832. Invented. */
export interface RegisteredAddress {
  readonly id: string;
  readonly vejnavn: string;
  readonly husnummer: string;
  readonly etage?: string;
  readonly doer?: string;
  readonly postnr: string;
  readonly by: string;
  readonly x?: number;
  readonly y?: number;
  /** `3` in force, `4` closed. */
  readonly status?: string;
}

export interface AddressService extends DirectorySimulator {
  readonly token: string;
  /** Puts an address in, or another version of it in its place. */
  put(address: RegisteredAddress): void;
}

const fold = (text: string): string =>
  text.normalize("NFC").toLowerCase().replace(/[.,]/g, " ").replace(/\s+/g, " ").trim();

/** Adressevælger and Adressevask, as far as their answers are known. */
export async function startAddressService(
  rows: readonly RegisteredAddress[],
  token = "egen-nøgle",
): Promise<AddressService> {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const server = await startDirectory((asked) => {
    if (asked.query.get("token") !== token) return { status: 401, body: { status: "fejl", beskrivelse: "token" } };
    return answer(byId, asked);
  });
  return { ...server, token, put: (address) => void byId.set(address.id, address) };
}

const isHouse = (row: RegisteredAddress): boolean => row.etage === undefined;
const titleOf = (row: RegisteredAddress): string => {
  const unit = row.etage === undefined ? "" : `, ${row.etage}.${row.doer === undefined ? "" : ` ${row.doer}`}`;
  return `${row.vejnavn} ${row.husnummer}${unit}, ${row.postnr} ${row.by}`;
};

function answer(rows: ReadonlyMap<string, RegisteredAddress>, { path, query }: Asked): Answer {
  if (path === "/adresser/soeg") {
    const words = fold(query.get("tekst") ?? "").split(" ");
    const found = [...rows.values()].filter((row) => {
      const title = fold(titleOf(row));
      return row.status !== "4" && words.every((word) => title.split(" ").some((part) => part.startsWith(word)));
    });
    const fund = found.slice(0, Number(query.get("maksimum") ?? 10)).map((row) => ({
      ...{ type: isHouse(row) ? "husnummer" : "adresse", id: row.id, titel: titleOf(row) },
    }));
    const street = [{ type: "vejnavn", titel: query.get("tekst") ?? "", antal_husnumre: found.length }];
    return { body: { status: "ok", beskrivelse: "", fund: found.length > 1 ? [...street, ...fund] : fund } };
  }
  if (path === "/vask/") {
    const asked = fold(query.get("adresse") ?? "").replace(/[^a-zæøå0-9 ]/g, "");
    const near = [...rows.values()].find((row) => differ(fold(titleOf(row)), asked) <= 2);
    if (near === undefined) return { body: { vaskestatus: { kode: -800, tekst: "Vejnavn findes ikke i postnummer" } } };
    const vaskeresultat = {
      adresse_id_lokalid: near.id,
      adressebetegnelse: titleOf(near),
      status: Number(near.status ?? "3"),
    };
    return { body: { vaskestatus: { kode: 0, tekst: "ok" }, vaskeresultat } };
  }
  const [, kind, id = ""] = /^\/(adresser|husnumre)\/([^/]+)$/.exec(path) ?? [];
  const row = rows.get(decodeURIComponent(id));
  if (row === undefined || (kind === "husnumre") !== isHouse(row) || row.status === "4")
    return { status: 404, body: { status: "fejl" } };
  const husnummer = {
    ...{ id_lokalid: `h-${row.id}`, status: "3", husnummertekst: row.husnummer, vejnavn: row.vejnavn },
    postnummer: { postnr: row.postnr, navn: row.by },
    supplerendebynavn: null,
    adgangspunkt: { id_lokalid: `p-${row.id}`, koordinater: { x: row.x ?? null, y: row.y ?? null } },
  };
  if (kind === "husnumre") return { body: { status: "ok", husnummer } };
  const adresse = {
    id_lokalid: row.id,
    status: row.status ?? "3",
    etagebetegnelse: row.etage,
    doerbetegnelse: row.doer ?? null,
    husnummer,
  };
  return { body: { status: "ok", adresse } };
}

/** Letters that differ, place by place: enough for a wash of typing faults that add nothing. */
function differ(a: string, b: string): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return [...a].filter((letter, at) => letter !== b[at]).length;
}
