import { z } from "zod";

/** The vendor's shapes, as far as they are used (Data Manager API v1). */
export const acceptedSchema = z.looseObject({ requestId: z.string().min(1) });
export const statusSchema = z.looseObject({
  requestStatusPerDestination: z
    .array(z.looseObject({ requestStatus: z.string().default("REQUEST_STATUS_UNKNOWN") }))
    .default([]),
});
