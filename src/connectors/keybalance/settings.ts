import { z } from "zod";

const baseUrl = z
  .url({ protocol: /^https?$/ })
  .describe("https://<host>/<database>/API2, without the token")
  .transform((url) => url.replace(/\/+$/, ""));

/** A token that never expires, or a user whose log-in gives tokens that are renewed. */
export const settings = z.union([
  z.strictObject({ baseUrl, token: z.string().min(1).describe("The fixed token of the installation") }),
  z.strictObject({ baseUrl, user: z.string().min(1), password: z.string().min(1) }),
]);

export type Settings = z.output<typeof settings>;
