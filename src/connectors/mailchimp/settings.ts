import { z } from "zod";

export const settings = z
  .strictObject({
    apiKey: z.string().min(8).describe("Profile → Extras → API keys. What follows the dash names the data centre."),
    list: z.string().min(1).max(40).describe("Audience ID: Audience → Settings → Audience name and defaults."),
    nameField: z
      .string()
      .regex(/^[A-Z0-9_]{1,10}$/)
      .default("FNAME")
      .describe("Merge tag that takes the contact's name."),
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Only for trials: in place of https://<data centre>.api.mailchimp.com/3.0."),
  })
  .check(({ value, issues }) => {
    if (value.baseUrl !== undefined || DATA_CENTRE.test(value.apiKey)) return;
    const params = { wayOut: "Copy the whole key; it ends in -us21 or the like." };
    issues.push({ code: "custom", input: "", path: ["apiKey"], message: "The key names no data centre", params });
  });

const DATA_CENTRE = /-([a-z]{2,4}\d{1,3})$/;

export type Settings = z.output<typeof settings>;

export const addressOfApi = ({ apiKey, baseUrl }: Settings): string =>
  baseUrl ?? `https://${DATA_CENTRE.exec(apiKey)?.[1]}.api.mailchimp.com/3.0`;
