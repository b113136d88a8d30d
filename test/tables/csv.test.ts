import fc from "fast-check";
import iconv from "iconv-lite";
import { expect, test } from "vitest";
import { guessDelimiter, readCsv } from "../../src/tables/csv.ts";
import { decodeStream, encodingScout } from "../../src/tables/encoding.ts";
import { columnNames } from "../../src/tables/table.ts";
import { writeCsv } from "../../src/tables/write-csv.ts";

async function* piecewise<T extends string | Uint8Array>(whole: T, size: number): AsyncGenerator<T> {
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size) as T;
}

const rowsOf = async (text: string, delimiter: ";" | "," | "\t" | "|" = ";", headingRow = 0, size = 3) => {
  const rows = [];
  for await (const some of readCsv(piecewise(text, size), { delimiter, headingRow })) rows.push(...some);
  return rows;
};

test("what is written as CSV reads back the same, whatever stands in the cells and however the file is cut", async () => {
  const cell = fc.string({ unit: fc.constantFrom("a", "Æ", "ø", ";", ",", '"', "\n", " ", "1", "=", "-") });
  const row = fc
    .array(cell, { minLength: 2, maxLength: 4 })
    .filter((cells) => cells.some((each) => each.trim() !== ""));
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(";", ","),
      fc.integer({ min: 1, max: 40 }),
      async (rows, delimiter, size) => {
        const text = writeCsv(rows, delimiter, false);
        expect((await rowsOf(text, delimiter, 0, size)).map(({ cells }) => cells)).toEqual(rows);
      },
    ),
    { numRuns: 60 },
  );
});

test("rows keep their line, also below quoted line breaks and empty lines", async () => {
  const rows = await rowsOf('Navn;Note\r\nA;"to\r\nlinjer"\r\n\r\n;\r\nB;x\r\n', ";", 1);
  expect(rows.map(({ row, line, cells }) => [row, line, cells[0]])).toEqual([
    [1, 2, "A"],
    [2, 6, "B"],
  ]);
});

test("a quote within a cell that is not quoted is a letter of it", async () => {
  expect((await rowsOf('1;Firma "Bedst" ApS\n')).map(({ cells }) => cells)).toEqual([["1", 'Firma "Bedst" ApS']]);
});

test.each([
  ["Navn;By\nA;B\n", ";"],
  ['Navn,By\n"A;B;C",x\n', ","],
  ["Navn\tBy\nA, B\tx\n", "\t"],
  ["Navn|By\nA|x\n", "|"],
  ["Navn\nA\n", ";"],
  ["Navn;Beløb\nA;1,5\nB;2,5\n", ";"],
])("%j is divided by %j", (text, delimiter) => expect(guessDelimiter(text)).toBe(delimiter));

test("letters of any encoding come out whole however the file is cut, and the scout agrees with the whole", async () => {
  const text = "Navn;By\r\nÆrø Bådværft;Ærøskøbing\r\nSmørrebrød på Nørregade;Åbenrå\r\n";
  const written = { "utf-8": "utf-8", "windows-1252": "win1252", cp865: "cp865", "utf-16le": "utf-16le" } as const;
  for (const [encoding, name] of Object.entries(written)) {
    const bytes = new Uint8Array(iconv.encode(text, name, { addBOM: name === "utf-16le" }));
    for (const size of [1, 2, 7, 1_000]) {
      const scout = encodingScout();
      let read = "";
      for await (const piece of piecewise(bytes, size)) scout.see(piece);
      expect(scout.found().encoding).toBe(encoding);
      for await (const part of decodeStream(piecewise(bytes, size), encoding as keyof typeof written)) read += part;
      expect(read).toBe(text);
    }
  }
});

test("one byte that is not UTF-8, far behind, makes the file none", () => {
  const scout = encodingScout();
  scout.see(new TextEncoder().encode("Ærø ".repeat(100_000)));
  scout.see(Uint8Array.of(0x4e, 0xf8, 0x72));
  expect(scout.found()).toMatchObject({ isGuess: true, encoding: "windows-1252" });
});

test("a formula is guarded for a person's spreadsheet, a telephone number is not", () => {
  const row = ["=1+1", "@x", "+45 70 10 20 30", "-1.234,50", "-a"];
  expect(writeCsv([row], ";", true)).toBe("'=1+1;'@x;+45 70 10 20 30;-1.234,50;'-a\r\n");
});

test("columns have names of their own", () => {
  expect(columnNames(["Navn", "", "Navn", null])).toEqual(["Navn", "column 2", "Navn (2)", "column 4"]);
});
