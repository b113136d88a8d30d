import { z } from "zod";

export const settings = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .default("http://distribution.virk.dk")
    .describe("Where the distribution answers: plain HTTP, as it is offered."),
  user: z.string().min(1).describe("From Erhvervsstyrelsen, against signed terms on advertising protection."),
  password: z.string().min(1),
  canary: z
    .string()
    .regex(/^\d{8}$/)
    .default("10150817")
    .describe("A CVR number that must be found: a renamed index answers with nothing, and without a fault."),
  feed: z
    .boolean()
    .default(true)
    .describe("What the register has loaded since the last poll is read: companies that records are linked to."),
});

export type Settings = z.output<typeof settings>;
