import { z } from "zod";
import { codeListsSetting as codeLists } from "./code-lists.ts";
import { dealingsSetting as dealings } from "./dealings.ts";
import { documentsSetting as documents } from "./documents.ts";

const baseUrl = z
  .url({ protocol: /^https?$/ })
  .describe("https://<host>/<database>/API2, without the token")
  .transform((url) => url.replace(/\/+$/, ""));

/** A token that never expires, or a user whose log-in gives tokens that are renewed. */
export const settings = z.union([
  z.strictObject({
    baseUrl,
    token: z.string().min(1).describe("The fixed token of the installation"),
    documents,
    codeLists,
    dealings,
  }),
  z.strictObject({ baseUrl, user: z.string().min(1), password: z.string().min(1), documents, codeLists, dealings }),
]);

export type Settings = z.output<typeof settings>;
