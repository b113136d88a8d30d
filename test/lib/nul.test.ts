import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutNul } from "../../src/lib/nul.ts";

const texts = fc.string({ unit: fc.constantFrom("\0", "\\", "u", "0", "a", "ø", '"', "\n") });

test("JSON without NUL reads back as the same texts with each NUL left out, and is left alone where it has none", () => {
  fc.assert(
    fc.property(fc.array(texts), (values) => {
      const stripped = JSON.parse(withoutNul(JSON.stringify(values)));
      expect(stripped).toEqual(values.map((value) => value.replaceAll("\0", "")));
    }),
    { numRuns: 2_000 },
  );
});
