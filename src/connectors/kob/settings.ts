import { z } from "zod";
import { acceptUnverifiedContract } from "../directory.ts";

export const settings = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .describe("A relay that speaks the port of this connector's README; KOB's own interface is not published."),
  key: z.string().min(1).describe("Sent to the relay as a bearer token."),
  purpose: z
    .string()
    .trim()
    .min(3)
    .max(200)
    .describe("What companies are looked up for: sent with every report that is ordered, and logged with who asked."),
  acceptUnverifiedContract,
});

export type Settings = z.output<typeof settings>;
