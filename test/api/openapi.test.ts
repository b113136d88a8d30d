import { compileErrors, validate } from "@readme/openapi-parser";
import { beforeAll, expect, test } from "vitest";
import { type TestApi, testApi } from "../support/api.ts";
import { createTestDatabase } from "../support/database.ts";

let api: TestApi;
beforeAll(async () => {
  api = testApi(await createTestDatabase());
});

type Operations = Record<string, { responses: object; security?: unknown }>;
type Document = { info: { title: string; version: string }; openapi: string; paths: Record<string, Operations> };

const readDocument = async () => (await (await api.app.request("/openapi.json")).json()) as Document; // the first test says so

test("the document is valid OpenAPI 3.1", async () => {
  const document = await readDocument();
  expect(document.openapi).toBe("3.1.0");
  const result = await validate(structuredClone(document) as Parameters<typeof validate>[0]); // its own type of a document;
  expect(result.valid ? "" : compileErrors(result)).toBe("");
});

test("every route that is served is documented, and every operation names its errors and its scope", async () => {
  const document = await readDocument();
  const documented = new Set<string>();
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      documented.add(`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`);
      if (!path.startsWith("/v1/")) continue;
      expect(Object.keys(operation.responses), path).toEqual(
        expect.arrayContaining(["400", "401", "403", "500", "503"]),
      );
      expect(operation.security, path).toBeDefined();
    }
  }
  const served = api.app.routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/v1/"));
  const missing = served.map(({ method, path }) => `${method} ${path}`).filter((route) => !documented.has(route));
  expect(missing).toEqual([]);
  expect(documented.size).toBeGreaterThan(40);
});

test.each(["/docs", "/docs/start.js", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"])(
  "%s is served by us and asks nothing of the internet",
  async (path) => {
    const answer = await api.app.request(path);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text.length).toBeGreaterThan(50);
    if (path === "/docs" || path.endsWith("start.js")) expect(text).not.toMatch(/https?:\/\//);
  },
);

test("a file outside the docs is not served", async () => {
  expect((await api.app.request("/docs/package.json")).status).toBe(404);
  expect((await api.app.request("/docs/..%2Fpackage.json")).status).toBe(404);
});
