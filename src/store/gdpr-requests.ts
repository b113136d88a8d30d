import type { Db, Tx } from "./database.ts";
import { instantText } from "./read-columns.ts";

export const requestKinds = ["access", "portability", "rectification", "erasure", "restriction", "objection"] as const;
export type RequestKind = (typeof requestKinds)[number];

export interface GdprRequest {
  readonly id: string;
  readonly kind: RequestKind;
  readonly kundeemneId: string;
  readonly kontaktpersonId: string | null;
  /** Days. */
  readonly receivedOn: string;
  readonly dueOn: string;
  readonly extendedWhy: string | null;
  readonly state: "open" | "done" | "refused";
  readonly note: string | null;
  readonly outcome: string | null;
  readonly erasureId: string | null;
  readonly by: string;
  readonly createdAt: string;
  readonly closedAt: string | null;
  readonly closedBy: string | null;
}

const columns = `r.id, r.kind, r.kundeemne_id, r.kontaktperson_id, r.received_on::text as received_on, r.due_on::text as due_on, r.extended_why,
  r.state, r.note, r.outcome, r.erasure_id, r.by, ${instantText("r.created_at")} as created_at, ${instantText("r.closed_at")} as closed_at, r.closed_by`;

// The casts read what this file wrote from the same types.
const readRequest = (row: Record<string, unknown>): GdprRequest => ({
  id: String(row.id),
  kind: row.kind as RequestKind,
  kundeemneId: String(row.kundeemne_id),
  kontaktpersonId: row.kontaktperson_id as string | null,
  receivedOn: String(row.received_on),
  dueOn: String(row.due_on),
  extendedWhy: row.extended_why as string | null,
  state: row.state as GdprRequest["state"],
  note: row.note as string | null,
  outcome: row.outcome as string | null,
  erasureId: row.erasure_id as string | null,
  by: String(row.by),
  createdAt: String(row.created_at),
  closedAt: row.closed_at as string | null,
  closedBy: row.closed_by as string | null,
});

export async function addRequest(
  sql: Db,
  request: Pick<
    GdprRequest,
    "id" | "kind" | "kundeemneId" | "kontaktpersonId" | "receivedOn" | "dueOn" | "note" | "by"
  >,
): Promise<GdprRequest> {
  const [row] = await sql.unsafe(
    `insert into gdpr_requests as r (id, kind, kundeemne_id, kontaktperson_id, received_on, due_on, state, note, by, created_at)
     values ($1::uuid, $2, $3::uuid, $4::uuid, $5::date, $6::date, 'open', $7, $8, kobling_now()) returning ${columns}`,
    [
      ...[request.id, request.kind, request.kundeemneId, request.kontaktpersonId, request.receivedOn, request.dueOn],
      ...[request.note, request.by],
    ],
  );
  if (row === undefined) throw new Error("A request was not written");
  return readRequest(row);
}

export async function findRequest(sql: Db, id: string): Promise<GdprRequest | undefined> {
  const [row] = await sql.unsafe(`select ${columns} from gdpr_requests r where r.id = $1::uuid`, [id]);
  return row && readRequest(row);
}

/** By due date, the most urgent first; `overdueOn`: only the open ones whose date is before that day. */
export async function listRequests(
  sql: Db,
  query: {
    readonly state: string | null;
    readonly overdueOn: string | null;
    readonly after: readonly [string, string] | undefined;
    readonly limit: number;
  },
): Promise<GdprRequest[]> {
  const rows = await sql.unsafe(
    `select ${columns} from gdpr_requests r where ($1::text is null or r.state = $1) and ($2::date is null or (r.state = 'open' and r.due_on < $2::date))
       and ($3::date is null or (r.due_on, r.id) > ($3::date, $4::uuid)) order by r.due_on, r.id limit $5`,
    [query.state, query.overdueOn, query.after?.[0] ?? null, query.after?.[1] ?? null, query.limit],
  );
  return rows.map(readRequest);
}

/** Undefined where it was extended before, or is not open any more. */
export async function extendRequest(sql: Db, id: string, dueOn: string, why: string): Promise<GdprRequest | undefined> {
  const [row] = await sql.unsafe(
    `update gdpr_requests r set due_on = $2::date, extended_why = $3 where id = $1::uuid and state = 'open' and extended_why is null returning ${columns}`,
    [id, dueOn, why],
  );
  return row && readRequest(row);
}

/** Undefined where it is not open any more. */
export async function closeRequest(
  sql: Db | Tx,
  id: string,
  end: {
    readonly state: "done" | "refused";
    readonly outcome: string | null;
    readonly erasureId: string | null;
    readonly by: string;
  },
): Promise<GdprRequest | undefined> {
  const [row] = await sql.unsafe(
    `update gdpr_requests r set state = $2, outcome = $3, erasure_id = $4::uuid, closed_by = $5, closed_at = kobling_now()
     where id = $1::uuid and state = 'open' returning ${columns}`,
    [id, end.state, end.outcome, end.erasureId, end.by],
  );
  return row && readRequest(row);
}
