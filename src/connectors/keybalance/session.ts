import { ConnectionError, UncertainError } from "../../lib/errors.ts";
import type { Http, HttpAnswer, HttpRequest } from "../../lib/http.ts";
import type { ConnectDeps } from "../connector.ts";
import type { Settings } from "./settings.ts";
import { logInSchema } from "./wire.ts";

/** A request below the token: KeyBalance takes the token as a part of the path. */
export type Call = (request: Omit<HttpRequest, "path"> & { readonly below: string }) => Promise<HttpAnswer>;

/**
 * Puts the token into each call. In log-in mode a refused token is renewed once, through the store that all processes
 * share, and the call is made once more: a refusal happens before anything is done, so that is safe for writes too.
 */
export function signedCalls(settings: Settings, http: Http, deps: ConnectDeps): Call {
  const call = (token: string, { below, ...request }: Parameters<Call>[0]) =>
    http({ ...request, path: `/${encodeURIComponent(token)}${below === "" ? "" : `/${below}`}` });
  if ("token" in settings) {
    const { token } = settings;
    deps.secret(token);
    return (request) => call(token, request);
  }
  deps.secret(settings.password);
  const renew = () => logIn(settings, http, deps);
  return async (request) => {
    const token = await deps.tokens.token(renew);
    deps.secret(token);
    try {
      return await call(token, request);
    } catch (error) {
      if (!(error instanceof ConnectionError) || !["unauthorized", "forbidden"].includes(error.code)) throw error;
      const renewed = await deps.tokens.token(renew, token);
      deps.secret(renewed);
      return await call(renewed, request);
    }
  };
}

async function logIn(
  { user, password }: Extract<Settings, { readonly user: string }>,
  http: Http,
  deps: ConnectDeps,
): Promise<{ token: string; expiresAt: Date | null }> {
  const answer = await http({
    method: "POST",
    template: "POST Login",
    path: "/Login",
    json: { user, password },
    reads: true,
    expect: [400, 401, 403],
  });
  if (answer.status >= 400) {
    const context = { status: answer.status };
    throw new ConnectionError("bad_credentials", "KeyBalance does not accept the user or the password", { context });
  }
  const read = logInSchema.safeParse(jsonOf(answer));
  if (!read.success) throw new ConnectionError("bad_answer", "KeyBalance's answer to the log-in holds no token");
  const { token, expiresIn } = read.data;
  deps.secret(token);
  const expiresAt = expiresIn === undefined ? null : new Date(deps.clock.now().getTime() + expiresIn * 1000);
  return { token, expiresAt };
}

/** The body as JSON; undefined when it is none. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return answer.json();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "bad_answer") return undefined;
    throw error;
  }
}

/** What a write answered, when it is not the stored object: nobody can say what became of it. */
export const uncertainAnswer = (template: string): UncertainError =>
  new UncertainError("bad_answer", "KeyBalance's answer to a write is not the stored object", {
    context: { request: template },
  });
