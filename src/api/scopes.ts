/**
 * What a key may do. `admin` may do everything; `write` and `review` include `read`; `lead` may send leads and nothing else,
 * so that it can stand in a web page; `connection:<name>` is that ERP's own.
 */
export const plainScopes = ["admin", "read", "write", "review", "lead"] as const;

export type Need = (typeof plainScopes)[number] | "connection";

export const isScope = (text: string): boolean =>
  (plainScopes as readonly string[]).includes(text) || /^connection:[a-z0-9][a-z0-9_-]{0,62}$/.test(text);

/** Whether scopes allow what is needed; `connection` is the one named in the path, where there is one. */
export function allows(scopes: readonly string[], need: Need, connection: string | undefined): boolean {
  if (scopes.includes("admin")) return true;
  switch (need) {
    case "admin":
      return false;
    case "read":
      return ["read", "write", "review"].some((scope) => scopes.includes(scope));
    case "lead":
      return ["lead", "write"].some((scope) => scopes.includes(scope));
    case "connection":
      return connection !== undefined && scopes.includes(`connection:${connection}`);
    default:
      return scopes.includes(need);
  }
}
