import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Api, ApiDeps } from "../api-deps.ts";
import { Problem } from "../problems.ts";

/**
 * The OpenAPI document, and a page that shows it. The page's script and style come from the npm package, not from the
 * internet, so it works behind a firewall.
 */
export function documentRoutes(app: Api, deps: ApiDeps): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
    description:
      "`Authorization: Bearer kob_…`; scopes admin, read, write, review, lead, connection:<name>, and the roles sales (reads and writes, clears no protection) and marketing (master data, segments and campaigns; no balance, no note).",
  });

  app.get("/openapi.json", (c) => c.json(openApiDocument(app, deps.version)));

  app.get("/docs", (c) => {
    c.header("content-security-policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:");
    return c.html(PAGE);
  });

  app.get("/docs/:file", async (c) => {
    const file = c.req.param("file");
    if (file === "start.js") return c.body(START, 200, { "content-type": TYPES["start.js"] ?? "" });
    const type = TYPES[file];
    if (type === undefined) throw new Problem(404, "not_found");
    const bytes = await readFile(join(ASSETS(), file));
    return c.body(new Uint8Array(bytes), 200, { "content-type": type, "cache-control": "public, max-age=3600" });
  });
}

/** The whole API as an OpenAPI 3.1 document. */
export function openApiDocument(app: Api, version: string): object {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Kobling",
      version,
      description:
        "Gateway that keeps CRM records (Kundeemner) in agreement with ERP ledgers. Errors are RFC 9457 problems with " +
        "stable codes; their texts are Danish or English by Accept-Language.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
  });
}

const TAGS = [
  ["kundeemner", "Companies, leads and contacts as they are in force."],
  ["links", "Which remote object stands for which record."],
  ["connections", "Configured accounts, their runs, previews and release."],
  ["inbound", "ERPs that push their changes."],
  ["outbound", "ERPs that pull what is owed to them."],
  ["feed", "What has changed, in order; signed webhooks."],
  ["runs", "Bounded pieces of work."],
  ["reviews", "What waits for a person."],
  ["quarantine", "Changes put aside with their reason."],
  ["keys", "API keys."],
  ["status", "How it goes."],
] as const;

const ASSETS = (): string => join(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"), "..");

const TYPES: Readonly<Record<string, string>> = {
  "start.js": "text/javascript; charset=utf-8",
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Kobling API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null,
  docExpansion: "list", filter: true, persistAuthorization: false });
`;
