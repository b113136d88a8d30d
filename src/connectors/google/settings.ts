import { z } from "zod";

export const settings = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default("https://places.googleapis.com")
    .describe("Where Places API (New) answers."),
  apiKey: z.string().min(1).describe("A key of Google Cloud that is restricted to Places API (New)."),
  language: z
    .string()
    .regex(/^[a-z]{2}$/)
    .default("da")
    .describe("Language of names and addresses."),
  region: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .default("DK")
    .describe("Country that is meant where none is named."),
  storeDays: z
    .int()
    .min(1)
    .max(30)
    .default(30)
    .describe("How long content may be kept, as you have agreed with Google."),
  passOn: z
    .boolean()
    .default(false)
    .describe("true: your agreement lets what Google has set go on to your other systems."),
});

export type Settings = z.output<typeof settings>;
