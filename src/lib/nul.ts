const ESCAPED_NUL = /(?<!\\)((?:\\\\)*)\\u0000/g;

/** JSON without NUL characters: PostgreSQL keeps none, and one in one field would stop all that travels with it. */
export const withoutNul = (json: string): string =>
  // An escaped backslash before u0000 is text, not a NUL. Replaced once more for NULs side by side.
  json.includes("\\u0000") ? json.replace(ESCAPED_NUL, "$1").replace(ESCAPED_NUL, "$1") : json;
