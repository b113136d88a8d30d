/** Codes of PostgreSQL and of the socket that speak of the server or of two transactions, not of one change. */
const PASSING = new Set([
  "08000",
  "08003",
  "08006",
  "08001",
  "08004",
  "57P01",
  "57P02",
  "57P03",
  "53100",
  "53200",
  "53300",
  "40001",
  "40P01",
  "55P03",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
]);

/** The same statements may succeed later, whatever they carry: tried again whole, nothing is put aside for it. */
export function isDatabaseDown(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && PASSING.has(error.code);
}
