/** A page of rows with ids that fall, newest first. */
export interface IdPage<Row> {
  readonly rows: readonly Row[];
  /** The id to read on from; undefined on the last page. */
  readonly next: number | undefined;
}

/** Cuts a page out of one row more than was asked for. */
export function pageOf<Row extends { readonly id: number }>(rows: readonly Row[], limit: number): IdPage<Row> {
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? page.at(-1)?.id : undefined };
}
