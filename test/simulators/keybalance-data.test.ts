import { expect, test } from "vitest";
import { generateCompanies } from "../../simulators/keybalance/data.ts";
import { debitorRow, generateRows } from "../../simulators/keybalance/rows.ts";
import { startKeyBalance } from "../../simulators/keybalance/server.ts";

const demo = { seed: 7, debitorer: 2_000, kreditorer: 500, kundeemner: 1_500 };

test("the same seed gives the same companies, a greater count only more of them, another seed others", () => {
  const some = generateCompanies({ seed: 7, count: 50 });
  expect(generateCompanies({ seed: 7, count: 80 }).slice(0, 50)).toEqual(some);
  expect(generateCompanies({ seed: 8, count: 50 })).not.toEqual(some);
});

test("no name and no CVR number comes twice, and every CVR number passes modulus 11", () => {
  const companies = generateCompanies({ seed: 1, count: 4_000 });
  expect(new Set(companies.map((company) => company.name.toLowerCase())).size).toBe(4_000);
  expect(new Set(companies.map((company) => company.cvr)).size).toBe(4_000);
  const weights = [2, 7, 6, 5, 4, 3, 2, 1];
  const remainders = companies.map(
    ({ cvr }) => [...cvr].reduce((sum, digit, at) => sum + Number(digit) * (weights[at] ?? 0), 0) % 11,
  );
  expect(new Set(remainders)).toEqual(new Set([0]));
});

test("no mail address or web site leads anywhere: all are under the domain that is reserved for examples", () => {
  const { rows } = generateRows(demo);
  const addresses = Object.values(rows).flatMap((some) =>
    some.flatMap((row) => [row.Email, row.EmailBoghFak, row.Hjemmeside]),
  );
  expect(addresses.filter((address) => address && !address.endsWith(".example"))).toEqual([]);
});

test("the demo's tables have their sizes, share companies, and number different ones alike", () => {
  const { rows, same } = generateRows(demo);
  expect([rows.Debitorer.length, rows.Kreditorer.length, rows.KundeEmner.length]).toEqual([2_000, 500, 1_500]);
  const shared = same.filter((each) => each.KundeEmner && (each.Debitorer || each.Kreditorer));
  expect(shared.length).toBeGreaterThan(600);
  expect(shared.length).toBeLessThan(1_000);
  expect(same.some((each) => each.Debitorer && each.Kreditorer)).toBe(true);
  const misleading = shared.filter((each) => each.Debitorer && each.Debitorer !== each.KundeEmner);
  expect(misleading.length).toBeGreaterThan(400);
  expect(rows.Debitorer[0]?.Kontonr).toBe(rows.KundeEmner[0]?.Kontonr);
});

test("a ledger and a CRM made apart have the rows that they have when made together", () => {
  const both = generateRows(demo).rows;
  expect(generateRows({ ...demo, kundeemner: 0 }).rows.Debitorer).toEqual(both.Debitorer);
  expect(generateRows({ ...demo, debitorer: 0, kreditorer: 0 }).rows.KundeEmner).toEqual(both.KundeEmner);
});

test("noise spells the same company otherwise, missing leaves fields out, and without both all agree", () => {
  const companies = generateCompanies({ seed: 7, count: 300 });
  const rowsWith = (noise: number, missing: number) =>
    companies.map((each) => debitorRow(each, { seed: 7, noise, missing }));
  const plain = rowsWith(0, 0);
  expect(plain.map((row) => row.Navn)).toEqual(companies.map((each) => each.name));
  expect(plain.every((row) => /^\d{8}$/.test(row.SE_Nr ?? "") && /^\d{8}$/.test(row.Telefon ?? ""))).toBe(true);
  const noisy = rowsWith(1, 0);
  expect(noisy.filter((row, at) => row.Telefon !== plain[at]?.Telefon)).toHaveLength(300);
  expect(noisy.map((row) => row.Telefon?.replace(/\s|\+45/g, ""))).toEqual(plain.map((row) => row.Telefon));
  expect(rowsWith(0, 1).every((row) => row.SE_Nr === "" && row.Telefon === "" && row.Navn !== "")).toBe(true);
});

test("a simulator takes the rows as they are, and every field of them is one of its tables'", async () => {
  const { rows } = generateRows({ ...demo, debitorer: 40, kreditorer: 20, kundeemner: 40 });
  const kb = await startKeyBalance({ rows });
  await kb.close();
  for (const [table, some] of Object.entries(rows)) {
    for (const row of some) expect(kb.control.row(table, row.Kontonr ?? row.Id ?? "")).toMatchObject(row);
  }
});
