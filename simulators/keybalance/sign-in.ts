import { randomUUID } from "node:crypto";

/** How a caller gets in: a token that never expires, or a user and a password for one that does. */
export type SignInSettings =
  | { readonly mode: "token"; readonly token?: string; readonly refusal?: 401 | 403 }
  | {
      readonly mode: "login";
      readonly user: string;
      readonly password: string;
      /** How long a token lives; 600 when neither is said. */
      readonly seconds?: number;
      /** How many requests a token lives. */
      readonly requests?: number;
      /** A new token ends the ones before it. */
      readonly oneAtATime?: boolean;
      readonly refusal?: 401 | 403;
    };

interface Token {
  expiresAt: number;
  requestsLeft: number;
}

export class SignIn {
  readonly settings: SignInSettings;
  readonly refusal: 401 | 403;
  #tokens = new Map<string, Token>();
  #latest: string;
  readonly #now: () => number;

  constructor(settings: SignInSettings, now: () => number) {
    this.settings = settings;
    this.refusal = settings.refusal ?? 401;
    this.#now = now;
    this.#latest = settings.mode === "token" ? (settings.token ?? randomUUID()) : "";
    if (settings.mode === "token") this.#tokens.set(this.#latest, { expiresAt: Infinity, requestsLeft: Infinity });
  }

  /** The token given out last; empty before the first login. */
  get token(): string {
    return this.#latest;
  }

  /** A fresh token, or undefined when user or password is wrong. */
  logIn(user: unknown, password: unknown): { token: string; expiresIn: number } | undefined {
    const { settings } = this;
    if (settings.mode !== "login" || user !== settings.user || password !== settings.password) return undefined;
    const seconds = settings.seconds ?? 600;
    if (settings.oneAtATime === true) this.#tokens.clear();
    this.#latest = randomUUID();
    this.#tokens.set(this.#latest, {
      expiresAt: this.#now() + seconds * 1000,
      requestsLeft: settings.requests ?? Infinity,
    });
    return { token: this.#latest, expiresIn: seconds };
  }

  /** Why this token does not let anybody in, in the ledger's words; undefined when it does, which uses one request of it. */
  refuse(token: string): string | undefined {
    const known = this.#tokens.get(token);
    if (known === undefined) return "Ukendt token";
    if (known.requestsLeft <= 0 || known.expiresAt <= this.#now()) {
      this.#tokens.delete(token);
      return "Token er udløbet";
    }
    known.requestsLeft -= 1;
    return undefined;
  }

  /** Ends every token that a login gave. A fixed one stays. */
  expire(): void {
    if (this.settings.mode === "login") this.#tokens.clear();
  }
}
