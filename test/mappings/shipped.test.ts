import { expect, test } from "vitest";
import { connectors } from "../../src/connectors/index.ts";
import { compileMapping } from "../../src/mappings/compile.ts";

const shipped = connectors.flatMap((connector) =>
  Object.values(connector.mappings).map((mapping) => [`${connector.name} ${mapping.object}`, mapping] as const),
);

test.each(shipped)("the mapping of %s has no fault", (_, mapping) => {
  expect(compileMapping(mapping)).not.toHaveProperty("faults");
});

test("every mapping has a version of its own that stays as long as nothing in it changes", () => {
  const versions = () =>
    shipped.map(([, mapping]) => {
      const compiled = compileMapping(mapping);
      return "mapping" in compiled ? compiled.mapping.version : undefined;
    });
  expect(versions()).toEqual(versions());
  expect(new Set(versions()).size).toBe(shipped.length);
});
