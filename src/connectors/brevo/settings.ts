import { z } from "zod";

export const settings = z.strictObject({
  apiKey: z.string().min(8).describe("SMTP & API → API keys (xkeysib-…)."),
  folder: z.int().min(1).default(1).describe("Number of the folder in which lists are made."),
  nameAttribute: z
    .string()
    .regex(/^[A-Z0-9_]{1,50}$/)
    .default("FIRSTNAME")
    .describe(
      "Contact attribute that takes the contact's name; one that is not there is ignored by Brevo without a word.",
    ),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default("https://api.brevo.com/v3")
    .describe("Only for trials: in place of Brevo's own address."),
});

export type Settings = z.output<typeof settings>;
