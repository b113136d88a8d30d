import { z } from "zod";
import { acceptUnverifiedContract } from "../directory.ts";

export const settings = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .describe("A relay that answers like Eniro's company search 1.1.3; the public service is retired."),
  profile: z.string().min(1).describe("The account at Eniro."),
  key: z.string().min(1),
  acceptUnverifiedContract,
});

export type Settings = z.output<typeof settings>;
