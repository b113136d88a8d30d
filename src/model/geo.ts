/** Positions are WGS84 degrees; distances great-circle, in metres, on a sphere of the earth's mean radius. */
export const EARTH_METRES = 6_371_008.8;

export interface Position {
  readonly lat: number;
  readonly lng: number;
}

/** A part of the map. A box whose west is more than its east goes over the antimeridian (RFC 7946, 5.2). */
export type Area =
  | {
      readonly shape: "box";
      readonly west: number;
      readonly south: number;
      readonly east: number;
      readonly north: number;
    }
  | { readonly shape: "circle"; readonly lat: number; readonly lng: number; readonly metres: number }
  /** One ring of corners, straight lines on the map between them; the last is joined with the first. */
  | { readonly shape: "polygon"; readonly ring: readonly (readonly [lng: number, lat: number])[] };

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const degrees = (angle: number): number => (angle * 180) / Math.PI;

/** The way from one position to another along the earth, by the haversine formula. */
export function metresBetween(a: Position, b: Position): number {
  const [p, q] = [radians(a.lat), radians(b.lat)];
  const half = Math.sin((q - p) / 2) ** 2 + Math.cos(p) * Math.cos(q) * Math.sin(radians(b.lng - a.lng) / 2) ** 2;
  return 2 * EARTH_METRES * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** The smallest box around a circle; around a pole it has every longitude. */
export function boxAround({ lat, lng, metres }: Position & { readonly metres: number }): Area & { shape: "box" } {
  // A millimetre more than the circle, so that rounding leaves nobody out.
  const angle = (metres + 0.001) / EARTH_METRES;
  const [south, north] = [lat - degrees(angle), lat + degrees(angle)];
  if (south <= -90 || north >= 90 || angle >= Math.PI / 2)
    return { shape: "box", west: -180, east: 180, south: Math.max(-90, south), north: Math.min(90, north) };
  const width = degrees(Math.asin(Math.min(1, Math.sin(angle) / Math.cos(radians(lat)))));
  return width >= 180
    ? { shape: "box", west: -180, east: 180, south, north }
    : { shape: "box", west: wrapped(lng - width), east: wrapped(lng + width), south, north };
}

const wrapped = (lng: number): number => (lng < -180 ? lng + 360 : lng > 180 ? lng - 360 : lng);

const isLat = (value: number): boolean => Number.isFinite(value) && Math.abs(value) <= 90;
const isLng = (value: number): boolean => Number.isFinite(value) && Math.abs(value) <= 180;
const NUMBER = /^-?\d{1,3}(\.\d{1,15})?$/;
const MOST_CORNERS = 500;

/** `west,south,east,north`, as maps give it. */
export function readBox(text: string): Area | undefined {
  const numbers = readNumbers(text, 4);
  if (numbers === undefined) return undefined;
  const [west = 0, south = 0, east = 0, north = 0] = numbers;
  const isBox = isLng(west) && isLng(east) && isLat(south) && isLat(north) && south <= north;
  return isBox ? { shape: "box", west, south, east, north } : undefined;
}

/** `lat,lng,metres`. */
export function readCircle(text: string): Area | undefined {
  const [lat = "", lng = "", metres = "", ...more] = text.split(",").map((part) => part.trim());
  const position = readNumbers(`${lat},${lng}`, 2);
  if (position === undefined || more.length > 0 || !/^\d{1,8}(\.\d{1,3})?$/.test(metres)) return undefined;
  const [at = 0, along = 0] = position;
  return isLat(at) && isLng(along) ? { shape: "circle", lat: at, lng: along, metres: Number(metres) } : undefined;
}

/** `lng,lat;lng,lat;…`, three corners or more; the first may stand at the end again. */
export function readPolygon(text: string): Area | undefined {
  const corners = text.split(";");
  if (corners.length > MOST_CORNERS) return undefined;
  const ring: [number, number][] = [];
  for (const corner of corners) {
    const numbers = readNumbers(corner, 2);
    if (numbers === undefined) return undefined;
    const [lng = 0, lat = 0] = numbers;
    if (!isLat(lat) || !isLng(lng)) return undefined;
    ring.push([lng, lat]);
  }
  const [first, last] = [ring[0], ring.at(-1)];
  if (ring.length > 1 && first?.[0] === last?.[0] && first?.[1] === last?.[1]) ring.pop();
  return ring.length >= 3 ? { shape: "polygon", ring } : undefined;
}

function readNumbers(text: string, count: number): number[] | undefined {
  const parts = text.split(",").map((part) => part.trim());
  return parts.length === count && parts.every((part) => NUMBER.test(part)) ? parts.map(Number) : undefined;
}
