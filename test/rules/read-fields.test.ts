import { expect, test } from "vitest";
import { readsOf } from "../../src/model/criteria.ts";
import { addressFields, addressOf } from "../../src/rules/consent-address.ts";
import { channels } from "../../src/rules/consent-facts.ts";
import { FACT_FIELDS, recordFactsOf } from "../../src/rules/record-facts.ts";

/** Notes each field that is read. */
const watched = (read: Set<string>) =>
  new Proxy(
    {},
    {
      get: (_, field) => {
        read.add(String(field));
        return null;
      },
    },
  );

test("what eligibility reads of a record is what segments follow", () => {
  const read = new Set<string>();
  recordFactsOf({ values: watched(read), erased: false, merged: false, orphaned: false });
  expect([...read].toSorted()).toEqual([...FACT_FIELDS].toSorted());
});

test("the fields of an address are those that segments of its channel follow", () => {
  for (const channel of channels) {
    const read = new Set<string>();
    addressOf(channel, watched(read), watched(read));
    expect([...read].toSorted()).toEqual([...addressFields(channel)].toSorted());
  }
});

test("a criterion reads its fields, a position both its numbers, a section the list too, and the time of change everything", () => {
  const reads = (criterion: Parameters<typeof readsOf>[0]) => readsOf(criterion);
  expect(reads({ or: [{ field: "postnr", is: "8000" }, { not: { field: "branche.kode", startsWith: "F" } }] })).toEqual(
    new Set(["postnr", "branche.kode", "branche.klassifikation"]),
  );
  expect(reads({ area: { shape: "circle", lat: 56, lng: 10, metres: 5 } })).toEqual(new Set(["gps.lat", "gps.lng"]));
  expect(reads({ and: [{ meta: "updatedAt", after: "2026-01-01T00:00:00Z" }] })).toBe("any");
  expect(reads({ meta: "createdAt", after: "2026-01-01T00:00:00Z" })).toEqual(new Set());
});
