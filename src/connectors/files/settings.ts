import { z } from "zod";
import { sftp } from "../sftp-settings.ts";

const encodings = ["utf-8", "windows-1252", "cp865", "cp850", "iso646-dk"] as const;

const csv = z
  .strictObject({
    type: z.literal("csv"),
    delimiter: z.enum([";", ",", "\t", "|"]).default(";").describe("Between cells"),
  })
  .describe("A table with a row of headings, cells quoted where they must be");

const fixed = z
  .strictObject({
    type: z.literal("fixed"),
    columns: z
      .array(z.strictObject({ name: z.string().min(1), width: z.int().min(1).max(10_000) }))
      .min(1)
      .describe("Name and width of each column in characters, from the left"),
  })
  .describe("Lines of fixed width without headings")
  .check(({ value, issues }) => {
    const names = value.columns.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice === undefined) return;
    const params = { wayOut: "Give each column a name of its own." };
    issues.push({ code: "custom", input: value, message: `The column ${twice} stands there twice`, params });
  });

const timeZone = z
  .string()
  .default("Europe/Copenhagen")
  .describe("The time zone of the times in files' names")
  .check(({ value, issues }) => {
    if (isTimeZone(value)) return;
    const params = { wayOut: "Write one of the IANA names: Europe/Copenhagen." };
    issues.push({ code: "custom", input: value, message: "There is no such time zone", params });
  });

export const settings = z.strictObject({
  folder: z.string().min(1).describe("Where both sides leave their files; with sftp, on the server"),
  sftp: sftp.optional().describe("Without it the folder is on this machine"),
  format: z.discriminatedUnion("type", [csv, fixed]).default({ type: "csv", delimiter: ";" }),
  encoding: z
    .enum(encodings)
    .optional()
    .describe("What files that come are read as; without it, it is guessed from each file and told"),
  writes: z.enum(encodings).default("utf-8").describe("What files of ours are written in"),
  timeZone,
  ourKey: z.string().min(1).default("EksternId").describe("Column that holds our id of the record"),
  deleted: z
    .strictObject({ column: z.string().min(1), value: z.string().min(1) })
    .default({ column: "Spærret", value: "1" })
    .describe("The cell that says an object is deleted; one that is missing from a file never is"),
});

export type Settings = z.output<typeof settings>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false; // Intl's only way to say no
  }
}
