export type Cell = string | number | boolean | null | undefined;

const WIDEST = 72;

/** Rows as aligned columns; numbers to the right, long texts cut with an ellipsis, nothing shown for null. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const shown = rows.map((row) => headings.map((_, at) => cellText(row[at])));
  const isNumber = headings.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === "number"));
  const widths = headings.map((heading, at) => Math.max(heading.length, ...shown.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (isNumber[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(headings), ...shown.map(line)];
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  const text = String(cell).replace(/\s+/g, " ");
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
}

/** Any value as indented `name: value` lines; lists as a dash each. For answers whose shape is the record's own. */
export function outline(value: unknown, indent = ""): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((each) => {
      const lines = outline(each, `${indent}  `);
      const first = lines[0]?.trimStart() ?? "";
      return [`${indent}- ${first}`, ...lines.slice(1)];
    });
  }
  if (typeof value !== "object" || value === null) return [`${indent}${scalarText(value)}`];
  return Object.entries(value).flatMap(([name, each]) => {
    if (isEmpty(each)) return [`${indent}${name}: none`];
    if (typeof each !== "object" || each === null) return [`${indent}${name}: ${scalarText(each)}`];
    return [`${indent}${name}:`, ...outline(each, `${indent}  `)];
  });
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;

const scalarText = (value: unknown): string => (value === null || value === undefined ? "none" : String(value));
