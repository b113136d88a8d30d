/**
 * What a key may do. `admin` may do everything; `write` and `review` include `read`; `lead` may send leads and nothing else,
 * so that it can stand in a web page; `connection:<name>` is that ERP's own. Two are roles (S92): `sales` reads and writes, but
 * takes nobody's protection away; `marketing` sees master data, consents, segments and campaigns and works with these, and sees
 * no balance and no note.
 */
export const plainScopes = ["admin", "read", "write", "review", "lead", "sales", "marketing"] as const;

/**
 * What a route asks for: a scope, or what several have. `look`: master data, segments and campaigns; `campaign`: to work with
 * these; `loosen`: to take a protection away.
 */
export type Need =
  | Exclude<(typeof plainScopes)[number], "sales" | "marketing">
  | "connection"
  | "look"
  | "campaign"
  | "loosen";

const READERS = ["read", "write", "review", "sales"];
const WRITERS = ["write", "sales"];
const MAY: Readonly<Record<Exclude<Need, "admin" | "connection">, readonly string[]>> = {
  read: READERS,
  look: [...READERS, "marketing"],
  write: WRITERS,
  campaign: [...WRITERS, "marketing"],
  loosen: ["write"],
  review: ["review"],
  lead: ["lead", ...WRITERS],
};

export const isScope = (text: string): boolean =>
  (plainScopes as readonly string[]).includes(text) || /^connection:[a-z0-9][a-z0-9_-]{0,62}$/.test(text);

/** Whether scopes allow what is needed; `connection` is the one named in the path, where there is one. */
export function allows(scopes: readonly string[], need: Need, connection: string | undefined): boolean {
  if (scopes.includes("admin")) return true;
  if (need === "admin") return false;
  if (need === "connection") return connection !== undefined && scopes.includes(`connection:${connection}`);
  return MAY[need].some((scope) => scopes.includes(scope));
}
