import type { Fragment } from "postgres";
import { type Area, boxAround, EARTH_METRES } from "../model/geo.ts";
import type { Db } from "./database.ts";

/**
 * Whether a record's position lies in an area. Asked of the index over points first, in the index's own words; PostgreSQL's
 * own geometry takes what is nearer than a ten-millionth of a degree for equal, so box and circle are judged exactly after.
 */
export function areaSql(sql: Db, area: Area, alias: string): Fragment {
  const [lat, lng] = [sql.unsafe(`${alias}.gps_lat::float8`), sql.unsafe(`${alias}.gps_lng::float8`)];
  const isPlaced = sql.unsafe(`${alias}.gps_lat is not null and ${alias}.gps_lng is not null`);
  const point = sql.unsafe(`point(${alias}.gps_lng::float8, ${alias}.gps_lat::float8)`);
  switch (area.shape) {
    case "box":
      return sql`(${isPlaced} and (${boxesOf(area)
        .map(({ west, south, east, north }) => {
          const box = sql`box(point(${west}::text::float8, ${south}::text::float8), point(${east}::text::float8, ${north}::text::float8))`;
          return sql`(${point} <@ ${box} and ${lng} between ${west}::text::float8 and ${east}::text::float8
            and ${lat} between ${south}::text::float8 and ${north}::text::float8)`;
        })
        .reduce((all, each) => sql`${all} or ${each}`)}))`;
    case "circle": {
      const around = areaSql(sql, boxAround(area), alias);
      const half = sql`power(sin(radians(${lat} - ${area.lat}::text::float8) / 2), 2) + cos(radians(${lat}))
        * cos(radians(${area.lat}::text::float8)) * power(sin(radians(${lng} - ${area.lng}::text::float8) / 2), 2)`;
      return sql`(${around} and 2 * ${EARTH_METRES}::text::float8 * asin(least(1, sqrt(${half}))) <= ${area.metres}::text::float8)`;
    }
    case "polygon": {
      const ring = `(${area.ring.map(([east, north]) => `(${east},${north})`).join(",")})`;
      return sql`(${isPlaced} and ${point} <@ ${ring}::text::polygon)`;
    }
  }
}

type Corners = { readonly [side in "west" | "south" | "east" | "north"]: string };

/** A box that goes over the antimeridian is two. As texts, so that no driver rounds them. */
function boxesOf({ west, south, east, north }: Area & { shape: "box" }): Corners[] {
  const part = (from: number, to: number): Corners => ({
    west: String(from),
    south: String(south),
    east: String(to),
    north: String(north),
  });
  return west <= east ? [part(west, east)] : [part(west, 180), part(-180, east)];
}
