import { z } from "zod";

export const settings = z.strictObject({
  apiKey: z.string().min(8).describe("A private key (pk_…) with scopes lists, profiles and accounts."),
  webhookSecret: z
    .string()
    .min(16)
    .optional()
    .describe("Of the webhook that tells of unsubscribes; without it none is believed."),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default("https://a.klaviyo.com")
    .describe("Only for trials: in place of Klaviyo's own address."),
});

export type Settings = z.output<typeof settings>;
