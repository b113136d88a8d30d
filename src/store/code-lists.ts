import type { Db, Sql } from "./database.ts";
import { instantText } from "./read-columns.ts";

/** Which list: codes of debitor and kreditor are apart, also for one field. */
export interface CodeListKey {
  readonly connection: string;
  readonly object: string;
  readonly field: string;
}

export interface StoredCode extends CodeListKey {
  readonly code: string;
  readonly text: string | null;
  readonly seenAt: string;
}

/** Puts a list, as the ledger shows it now, in place of what was known. */
export async function replaceCodeList(
  sql: Sql,
  { connection, object, field }: CodeListKey,
  codes: readonly { readonly code: string; readonly text: string | null }[],
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx.unsafe(
      `insert into code_lists (connection, object, field, code, text, seen_at)
       select distinct on (x.code) $1, $2, $3, x.code, x.text, kobling_now() from json_to_recordset($4::text::json) as x(code text, text text)
       on conflict (connection, object, field, code) do update set text = excluded.text, seen_at = excluded.seen_at`,
      [connection, object, field, JSON.stringify(codes)],
    );
    await tx.unsafe(
      "delete from code_lists where connection = $1 and object = $2 and field = $3 and not (code = any($4::text[]))",
      [connection, object, field, codes.map(({ code }) => code)],
    );
  });
}

/** Codes in the order of lists and codes; a page at a time, after one of them. */
export async function listCodes(
  sql: Db,
  asked: Partial<CodeListKey>,
  after: (CodeListKey & { readonly code: string }) | undefined,
  limit: number,
): Promise<StoredCode[]> {
  const rows = await sql.unsafe(
    `select connection, object, field, code, text, ${instantText("seen_at")} as seen_at
     from code_lists where ($1::text is null or connection = $1) and ($2::text is null or object = $2) and ($3::text is null or field = $3)
       and ($4::text is null or (connection, object, field, code) > ($4, $5, $6, $7))
     order by connection, object, field, code limit $8`,
    [
      ...[asked.connection ?? null, asked.object ?? null, asked.field ?? null],
      ...[after?.connection ?? null, after?.object ?? null, after?.field ?? null, after?.code ?? null],
      limit,
    ],
  );
  return rows.map((row) => ({
    connection: String(row.connection),
    object: String(row.object),
    field: String(row.field),
    code: String(row.code),
    text: row.text as string | null,
    seenAt: String(row.seen_at),
  }));
}

/** Of these codes those whose list is known and does not hold them. A list that was never read knows nothing. */
export async function findUnknownCodes<T extends CodeListKey & { readonly code: string }>(
  sql: Db,
  asked: readonly T[],
): Promise<{ readonly unknown: readonly T[]; readonly known: readonly T[] }> {
  if (asked.length === 0) return { unknown: [], known: [] };
  const rows = await sql.unsafe(
    `select x.n, exists (select 1 from code_lists c where c.connection = x.connection and c.object = x.object and c.field = x.field and c.code = x.code) as found
     from json_to_recordset($1::text::json) as x(n int, connection text, object text, field text, code text)
     where exists (select 1 from code_lists c where c.connection = x.connection and c.object = x.object and c.field = x.field)`,
    [JSON.stringify(asked.map(({ connection, object, field, code }, n) => ({ n, connection, object, field, code })))],
  );
  const judged = rows.flatMap((row) => {
    const each = asked[Number(row.n)];
    return each === undefined ? [] : [{ each, found: row.found === true }];
  });
  return {
    unknown: judged.flatMap(({ each, found }) => (found ? [] : [each])),
    known: judged.flatMap(({ each, found }) => (found ? [each] : [])),
  };
}
