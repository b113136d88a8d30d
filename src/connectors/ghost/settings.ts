import { z } from "zod";

export const settings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("The site's address, as https://blog.example.dk."),
  adminKey: z
    .string()
    .regex(/^[0-9a-f]{24}:[0-9a-f]{64}$/, "An Admin API key is two hexadecimal numbers with a colon between them")
    .describe("Admin API key of a custom integration: Settings → Integrations."),
});

export type Settings = z.output<typeof settings>;
