import { z } from "zod";

const secret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, "A secret is whsec_ and 24 to 64 bytes in base64");

export const settings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("Where audiences are posted."),
  secret: secret.describe("What messages are signed with (Standard Webhooks)."),
  previousSecret: secret
    .optional()
    .describe(
      "While a secret is changed: the one before. Messages are signed with both; take it away when the receiver knows the new one.",
    ),
  form: z
    .enum(["standard", "cloudevents"])
    .default("standard")
    .describe("The body: as Standard Webhooks shows it, or a CloudEvents 1.0 event in structured mode."),
});

export type Settings = z.output<typeof settings>;
