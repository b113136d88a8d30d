import { z } from "@hono/zod-openapi";
import type { Values } from "../model/catalogue.ts";
import type { ReadRecord } from "../store/kundeemner-read.ts";
import { kundeemneSchema } from "./record-view.ts";

export const GEO_JSON = "application/geo+json";

const pointSchema = z.strictObject({
  type: z.literal("Point"),
  coordinates: z.array(z.number()).length(2).openapi({ description: "Longitude, latitude (RFC 7946)." }),
});

const featureSchema = z.strictObject({
  type: z.literal("Feature"),
  id: z.uuid(),
  geometry: pointSchema.nullable().openapi({ description: "Null: no position is known." }),
  properties: kundeemneSchema,
});

export const featuresSchema = z
  .strictObject({
    type: z.literal("FeatureCollection"),
    features: z.array(featureSchema),
    next: z.string().nullable().openapi({ description: "Cursor of the next page." }),
  })
  .openapi("KundeemneFeatures");

/** A page of records as points on a map; `items` are the same records as the API shows them. */
export const viewFeatures = (
  records: readonly ReadRecord[],
  items: readonly z.infer<typeof kundeemneSchema>[],
  next: string | null,
): z.infer<typeof featuresSchema> => ({
  type: "FeatureCollection",
  features: items.map((properties, n) => ({
    type: "Feature",
    id: properties.meta.id,
    geometry: pointOf(records[n]?.values ?? {}),
    properties,
  })),
  next,
});

function pointOf(values: Values): z.infer<typeof pointSchema> | null {
  const [lat, lng] = [values["gps.lat"], values["gps.lng"]];
  return typeof lat === "string" && typeof lng === "string"
    ? { type: "Point", coordinates: [Number(lng), Number(lat)] }
    : null;
}
