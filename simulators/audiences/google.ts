import { createVerify, generateKeyPairSync, randomBytes } from "node:crypto";
import { type Answer, type DirectorySimulator, startDirectory } from "../directories/server.ts";

export interface DataManager extends DirectorySimulator {
  readonly tokenUrl: string;
  readonly email: string;
  readonly privateKey: string;
  readonly account: string;
  /** Hashes on a user list, in order. */
  onList(list: string): readonly string[];
  /** A hash that makes a request fail. */
  refuse(hash: string): void;
  /** All tokens are worth nothing from now on. */
  revoke(): void;
  forget(): void;
}

interface Body {
  readonly destinations: readonly {
    readonly operatingAccount: { readonly accountId: string };
    readonly productDestinationId: string;
  }[];
  readonly audienceMembers: readonly {
    readonly userData: { readonly userIdentifiers: readonly { readonly emailAddress: string }[] };
  }[];
  readonly consent?: { readonly adUserData: string };
  readonly termsOfService?: { readonly customerMatchTermsOfServiceStatus: string };
  readonly encoding: string;
}

const fault = (code: number, status: string): Answer => ({
  status: code,
  body: { error: { code, status, message: status } },
});

/** Google's Data Manager API and its sign-in by service account, as far as audiences need them. */
export async function startDataManager(): Promise<DataManager> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const [email, account] = ["kobling@projekt.iam.gserviceaccount.com", "1234567890"];
  const tokens = new Set<string>();
  const lists = new Map<string, Set<string>>();
  const requests = new Map<string, { asked: number; failed: boolean }>();
  const refused = new Set<string>();
  const state = { tokenUrl: "" };

  /** The assertion is signed by our key, of us, for this place, and of now. */
  function isGenuine(assertion: string): boolean {
    const [head = "", claims = "", signature = ""] = assertion.split(".");
    const isSigned = createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(publicKey, signature, "base64url");
    if (!isSigned) return false;
    const { iss, aud, scope, exp, iat } = JSON.parse(Buffer.from(claims, "base64url").toString());
    const now = Date.now() / 1000;
    const isOurs = iss === email && aud === state.tokenUrl && String(scope).endsWith("/auth/datamanager");
    return isOurs && iat <= now + 5 && exp > now && exp - iat <= 3600;
  }

  function accept(act: string, body: Body): Answer {
    const [destination] = body.destinations;
    const hashes = body.audienceMembers.flatMap(({ userData }) =>
      userData.userIdentifiers.map(({ emailAddress }) => emailAddress),
    );
    const isWhole = body.encoding === "HEX" && hashes.every((each) => /^[0-9a-f]{64}$/.test(each));
    if (destination?.operatingAccount.accountId !== account || !isWhole || hashes.length > 10_000)
      return fault(400, "INVALID_ARGUMENT");
    const isAccepted = body.termsOfService?.customerMatchTermsOfServiceStatus === "ACCEPTED";
    if (act === "ingest" && (!isAccepted || body.consent?.adUserData !== "CONSENT_GRANTED"))
      return fault(400, "INVALID_ARGUMENT");
    const requestId = randomBytes(8).toString("hex");
    const failed = hashes.some((each) => refused.has(each));
    requests.set(requestId, { asked: 0, failed });
    const list = lists.get(destination.productDestinationId) ?? new Set();
    lists.set(destination.productDestinationId, list);
    if (!failed)
      for (const each of hashes)
        if (act === "ingest") list.add(each);
        else list.delete(each);
    return { body: { requestId } };
  }

  const server = await startDirectory(({ method, path, query, headers, body }) => {
    if (path === "/token") {
      const form = new URLSearchParams(body);
      if (!isGenuine(form.get("assertion") ?? "")) return { status: 400, body: { error: "invalid_grant" } };
      const token = `ya29.${randomBytes(12).toString("hex")}`;
      tokens.add(token);
      return { body: { access_token: token, expires_in: 3599, token_type: "Bearer" } };
    }
    if (!tokens.has(String(headers.authorization).replace(/^Bearer /, ""))) return fault(401, "UNAUTHENTICATED");
    const act = /^\/v1\/audienceMembers:(ingest|remove)$/.exec(path)?.[1];
    if (method === "POST" && act !== undefined) return accept(act, JSON.parse(body) as Body);
    if (method === "GET" && path === "/v1/requestStatus:retrieve") {
      if (!query.has("requestId")) return fault(400, "INVALID_ARGUMENT");
      const found = requests.get(query.get("requestId") ?? "");
      if (found === undefined) return fault(404, "NOT_FOUND");
      found.asked += 1;
      const requestStatus = found.asked < 2 ? "PROCESSING" : found.failed ? "FAILED" : "SUCCESS";
      return { body: { requestStatusPerDestination: [{ requestStatus }] } };
    }
    return fault(404, "NOT_FOUND");
  });
  state.tokenUrl = `${server.baseUrl}/token`;
  return {
    ...server,
    ...{ tokenUrl: state.tokenUrl, email, account },
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    onList: (list) => [...(lists.get(list) ?? [])].toSorted(),
    refuse: (hash) => void refused.add(hash),
    revoke: () => tokens.clear(),
    forget: () => requests.clear(),
  };
}
