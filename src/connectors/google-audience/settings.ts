import { z } from "zod";

const account = z.string().regex(/^\d{6,12}$/, "An account is its digits, without dashes");

export const settings = z.strictObject({
  account: account.describe("Google Ads account that the user lists are in."),
  loginAccount: account.optional().describe("Manager account through which it is reached, where there is one."),
  userLists: z
    .record(z.string().min(1).max(100), z.string().regex(/^\d+$/))
    .describe("Number of the user list that takes a campaign, by the campaign's name. One list takes one campaign."),
  serviceAccount: z
    .strictObject({ email: z.string().min(3), privateKey: z.string().min(1).describe("PEM; best as file:PATH.") })
    .describe("Signs in to the Data Manager API (scope datamanager)."),
  acceptCustomerMatchTerms: z
    .literal(true, { error: "Customer Match asks that its terms are accepted; read them at Google first" })
    .describe("true: the terms of Customer Match have been read and are accepted."),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default("https://datamanager.googleapis.com")
    .describe("Only for trials."),
  tokenUrl: z
    .url({ protocol: /^https?$/ })
    .default("https://oauth2.googleapis.com/token")
    .describe("Only for trials."),
});

export type Settings = z.output<typeof settings>;
