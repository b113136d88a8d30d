import { z } from "zod";
import { acceptUnverifiedContract } from "../directory.ts";

export const settings = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .describe("A relay that answers like NNE 3.1, with its path (…/nne-ws/3.1/NNE); the public service is retired."),
  key: z.string().default("").describe("The access key; empty where the address itself is let in."),
  acceptUnverifiedContract,
});

export type Settings = z.output<typeof settings>;
