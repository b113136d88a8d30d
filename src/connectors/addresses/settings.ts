import { z } from "zod";
import { acceptUnverifiedContract } from "../directory.ts";

export const settings = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default("https://adressevaelger.dk")
    .describe("Where Adressevælger and Adressevask answer."),
  token: z
    .string()
    .min(1)
    .default("adressevaelger123")
    .describe("Your own token; else the shared one that is published."),
  acceptUnverifiedContract,
});

export type Settings = z.output<typeof settings>;
