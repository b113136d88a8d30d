import { type Answer, type Asked, type DirectorySimulator, startDirectory } from "./server.ts";

/** A place as the API shows it with every mask. Invented. */
export type PlaceDocument = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly displayName: { readonly text: string };
  readonly formattedAddress: string;
};

export interface PlacesService extends DirectorySimulator {
  readonly apiKey: string;
  put(place: PlaceDocument): void;
  remove(id: string): void;
}

/** Places API (New): text search and details, masks and keys as Google judges them. */
export async function startPlaces(
  places: readonly PlaceDocument[],
  apiKey = "AIza-egen-noegle",
): Promise<PlacesService> {
  const byId = new Map(places.map((place) => [place.id, place]));
  const server = await startDirectory((asked) => {
    const mask = asked.headers["x-goog-fieldmask"];
    if (asked.headers["x-goog-api-key"] !== apiKey) return refused(400, "INVALID_ARGUMENT", "API_KEY_INVALID");
    if (typeof mask !== "string" || mask === "" || mask.includes(" ")) return refused(400, "INVALID_ARGUMENT", "MASK");
    return answer(byId, asked, mask.split(","));
  });
  return {
    ...{ ...server, apiKey },
    put: (place) => void byId.set(place.id, place),
    remove: (id) => void byId.delete(id),
  };
}

const refused = (code: number, status: string, reason: string): Answer => ({
  status: code,
  body: {
    error: {
      code,
      status,
      message: reason,
      details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason }],
    },
  },
});

function answer(
  places: ReadonlyMap<string, PlaceDocument>,
  { method, path, body }: Asked,
  mask: readonly string[],
): Answer {
  if (method === "POST" && path === "/v1/places:searchText") {
    const { textQuery = "", pageSize = 20 } = JSON.parse(body) as { textQuery?: string; pageSize?: number }; // as the API takes it
    if (textQuery === "") return refused(400, "INVALID_ARGUMENT", "EMPTY");
    const words = wordsOf(textQuery);
    const found = [...places.values()].filter((place) => {
      const own = wordsOf(`${place.displayName.text} ${place.formattedAddress}`);
      return words.every((word) => own.includes(word));
    });
    const shown = found.slice(0, pageSize).map((place) =>
      masked(
        place,
        mask.map((field) => field.replace(/^places\./, "")),
      ),
    );
    return { body: shown.length === 0 ? {} : { places: shown } };
  }
  const [, id = ""] = /^\/v1\/places\/([^/]+)$/.exec(path) ?? [];
  const place = places.get(decodeURIComponent(id));
  if (method !== "GET" || place === undefined) return refused(404, "NOT_FOUND", "NOT_FOUND");
  return { body: masked(place, mask) };
}

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word !== "");

const masked = (place: PlaceDocument, mask: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(place).filter(([field]) => mask.includes(field)));
