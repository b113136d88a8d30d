import { type Cell, writeXlsx } from "hucre/xlsx";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import writeExcelFile from "write-excel-file/node";
import { firstXlsxRows, readXlsx } from "../../src/tables/xlsx.ts";
import { type ImportShop, openImportShop } from "../support/import-shop.ts";

let shop: ImportShop;
beforeAll(async () => {
  shop = await openImportShop();
});
afterAll(() => shop.close());
beforeEach(() => shop.clear());

const chunks = (bytes: Uint8Array) =>
  async function* () {
    for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
  };

const rowsOf = async (bytes: Uint8Array, sheet?: string) => {
  const rows = [];
  const options = { headingRow: 1, ...(sheet === undefined ? {} : { sheet }) };
  for await (const some of readXlsx(chunks(bytes), options)) rows.push(...some);
  return rows;
};

/** A workbook as another library than the one that reads writes it. */
async function workbook(
  rows: readonly (readonly unknown[])[],
  options: Record<string, unknown> = {},
): Promise<Uint8Array> {
  const cells = rows.map((row) =>
    row.map((value) => (value === null || (typeof value === "object" && !(value instanceof Date)) ? value : { value })),
  );
  const written = await (writeExcelFile as (...all: unknown[]) => { toBuffer(): Promise<Buffer> })(cells, {
    dateFormat: "dd-mm-yyyy",
    ...options,
  }).toBuffer();
  return new Uint8Array(written);
}

test("numbers, texts that look like numbers, dates, truths and empty cells come as what they are", async () => {
  const bytes = await workbook([
    ["Nr", "Navn", "Dato", "Beløb", "Ja", "Tom"],
    ["06011535", "Ærø 'Bådværft' & Søn <K/S>", new Date("2026-11-23T00:00:00Z"), 1234.5, true, null],
    [],
    ["007", "Kaas", new Date("1899-12-31T00:00:00Z"), -0.1, false, null],
  ]);
  expect((await rowsOf(bytes)).map(({ row, line, cells }) => [row, line, ...cells.slice(0, 5)])).toEqual([
    [1, 2, "06011535", "Ærø 'Bådværft' & Søn <K/S>", "2026-11-23", 1234.5, true],
    [2, 4, "007", "Kaas", expect.stringMatching(/^1(899|900)-/), -0.1, false],
  ]);
});

test("a formula is what it last showed, an error is told, and a sheet is asked for by its name", async () => {
  const cells = new Map<string, Partial<Cell>>([
    ["1,1", { value: 3, formula: "1+2", formulaResult: 3 }],
    ["1,2", { value: "#N/A", type: "error" }],
  ]);
  const bytes = await writeXlsx({
    sheets: [
      { name: "Ark1", rows: [["Navn"], ["A"]] },
      {
        name: "Kunder",
        rows: [
          ["Navn", "Sum", "Fejl"],
          ["B", 3, "#N/A"],
        ],
        cells,
      },
    ],
  });
  expect((await rowsOf(bytes))[0]?.cells).toEqual(["A"]);
  expect((await rowsOf(bytes, "Kunder"))[0]?.cells).toEqual(["B", 3, { error: "#N/A" }]);
  await expect(rowsOf(bytes, "Leverandører")).rejects.toMatchObject({ code: "no_such_sheet" });
});

test.each([
  ["no zip", new Uint8Array([0x50, 0x4b, 3, 4, 1, 2, 3])],
  ["a zip that holds no workbook", Uint8Array.from(Buffer.from("504b0506000000000000000000000000000000000000", "hex"))],
])("%s is told as no workbook", async (_, bytes) => {
  await expect(firstXlsxRows(chunks(bytes), undefined, 5)).rejects.toMatchObject({ code: "not_a_workbook" });
});

test("S3 a workbook becomes Kundeemner: leading zeros kept, a title above the headings, dates and amounts as Excel holds them", async () => {
  const bytes = await workbook([
    ["Kundeliste"],
    ["Kundenr", "Firma", "CVR", "Postnr", "Tlf", "Kreditmaksimum", "GDPR OK", "Sidste godkendelsesdato", "Land"],
    ["06011535", "Ærø Bådværft K/S", 12345674, 5970, 62521234, 25000.5, true, new Date("2026-04-03T00:00:00Z")],
    ["06011536", "Kaas ApS", "DK-13585628", "0800", "70 10 20 30", "1.234,50", "nej", "31-02-2026"],
    ["06011537", "Lars ApS", 1234567, 800, null, null, null, null, "Danmark"],
  ]);
  const file = await shop.bring(bytes, {}, "kunder.xlsx");
  expect(file.settings).toMatchObject({ format: "xlsx", headingRow: 2, key: "Kundenr" });
  expect(await shop.take(file)).toMatchObject({ state: "done", counts: { read: 3, created: 1, refused: 2 } });
  expect(
    await shop.ask(
      "select kontonummer, cvr_nr, postnr, telefon, kredit_max::text, gdpr_ok, gdpr_dato::text from kundeemner",
    ),
  ).toEqual([
    {
      kontonummer: "06011535",
      cvr_nr: "12345674",
      postnr: "5970",
      telefon: "62521234",
      kredit_max: "25000.5",
      gdpr_ok: true,
      gdpr_dato: "2026-04-03",
    },
  ]);
  expect(await shop.faults(file)).toEqual([
    "4 Sidste godkendelsesdato bad_value",
    "5 CVR cvr_shape",
    "5 Postnr postnr_shape",
  ]);
});
