import { type Fault, type Faults, findFault, render } from "./faults.ts";
import { type Ledger, whyInUse } from "./ledger.ts";
import type { LedgerTable } from "./ledger-table.ts";
import type { OpenEntry } from "./request-log.ts";
import type { SignIn } from "./sign-in.ts";
import { type Row, VERBS, type Verb } from "./tables.ts";
import { asText, isRefusal, readWriteBody } from "./write-body.ts";

/** What the API needs of the installation it speaks for. */
export interface Installation {
  readonly ledger: Ledger;
  readonly signIn: SignIn;
  readonly faults: Faults;
  /** Status for a verb that is switched off. */
  readonly offStatus: 403 | 405;
  /** Whether an old number only fails (404) or tells where its object went (301). */
  readonly renumbered: "gone" | "told";
}

export interface Request {
  readonly method: string;
  /** Below the base URL: token, function, id; or `Login`. */
  readonly segments: readonly string[];
  /** The body, parsed; undefined when it is no JSON. */
  readonly sent: unknown;
  readonly faults: readonly Fault[];
  readonly entry: OpenEntry;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  /** One text, or the objects of a list. */
  readonly body: string | readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

const json = (status: number, body: string | readonly string[]): Answer => ({
  status,
  type: "application/json; charset=utf-8",
  body,
});
export const text = (status: number, body: string): Answer => ({ status, type: "text/plain; charset=utf-8", body });

export const verbOf = (method: string): Verb | undefined => VERBS.find((verb) => verb.toUpperCase() === method);

/** Carries the request out and words the answer; nothing of sockets, waiting or the log's status here. */
export function carryOut(installation: Installation, request: Request): Answer {
  const [token = "", name, id] = request.segments;
  if (token === "Login" && name === undefined) return logIn(installation, request);
  const refused = installation.signIn.refuse(token);
  if (refused !== undefined) return text(installation.signIn.refusal, refused);
  if (name === undefined) return request.method === "GET" ? listFunctions(installation) : text(405, "Kun GET her");
  const table = installation.ledger.get(name);
  if (table === undefined || table.definition.verbs.length === 0) return text(404, `Funktionen ${name} findes ikke`);
  const verb = verbOf(request.method);
  if (verb === undefined || !table.definition.verbs.includes(verb)) return switchedOff(installation, table, request);
  if (verb === "post") return create(installation, table, request);
  if (id === undefined) return verb === "get" ? list(installation, table, request) : noId(table);
  if (!table.has(id)) return unknown(installation, table, id);
  personEdits(table, id, request.faults, "before");
  const answer = onObject[verb](installation, table, id, request);
  personEdits(table, id, request.faults, "after");
  return answer;
}

const onObject = { get: one, put: change, delete: remove };

const noId = ({ definition }: LedgerTable): Answer => text(400, `${definition.key} mangler i adressen`);

function logIn({ signIn }: Installation, { method, sent, entry }: Request): Answer {
  const { user, password } = isObject(sent) ? sent : {};
  entry.body = { user, password: "***" };
  if (method !== "POST") return text(405, "Kun POST her");
  const given = signIn.logIn(user, password);
  return given === undefined
    ? text(signIn.refusal, "Forkert bruger eller adgangskode")
    : json(200, JSON.stringify(given));
}

/** `{"Debitorer": {"get": true, "put": true, "post": false, "delete": false}, …}`: our inference of a shape that is not published. */
function listFunctions({ ledger }: Installation): Answer {
  const offered = [...ledger.values()]
    .filter((table) => table.definition.verbs.length > 0)
    .map((table) => [
      table.name,
      Object.fromEntries(VERBS.map((verb) => [verb, table.definition.verbs.includes(verb)])),
    ]);
  return json(200, JSON.stringify(Object.fromEntries(offered)));
}

function switchedOff({ offStatus }: Installation, table: LedgerTable, { method }: Request): Answer {
  const { verbs } = table.definition;
  const allow = verbs.map((verb) => verb.toUpperCase()).join(", ");
  const words =
    verbOf(method) === undefined ? `${method} findes ikke` : `${method} er ikke aktiveret for ${table.name}`;
  const answer = text(verbOf(method) === undefined ? 405 : offStatus, words);
  return { ...answer, headers: { Allow: allow } };
}

function unknown({ renumbered }: Installation, table: LedgerTable, id: string): Answer {
  const { key } = table.definition;
  const to = renumbered === "told" ? table.moved.get(id) : undefined;
  if (to === undefined) return text(404, `${key} ${id} findes ikke i ${table.name}`);
  return {
    ...json(301, JSON.stringify({ [key]: to, TidligereNr: id })),
    headers: { Location: encodeURIComponent(to) },
  };
}

function list(installation: Installation, table: LedgerTable, { faults }: Request): Answer {
  if (faults.length === 0) return json(200, table.readAllJson());
  const key = table.definition.key;
  return json(
    200,
    table
      .readAll()
      .slice(0, findFault(faults, "shortList")?.rows)
      .map((row) => JSON.stringify(shown(installation, table, row[key] ?? "", faults))),
  );
}

function one(installation: Installation, table: LedgerTable, id: string, { faults }: Request): Answer {
  if (table.read(id) === undefined) return unknown(installation, table, id);
  return json(200, faults.length === 0 ? table.json(id) : JSON.stringify(shown(installation, table, id, faults)));
}

/** The row as the faults of this request show it; a drifting balance really moves. */
function shown({ faults: { random } }: Installation, table: LedgerTable, id: string, faults: readonly Fault[]): Row {
  const drift = findFault(faults, "computedDrift");
  if (drift !== undefined) {
    const fields = drift.field === undefined ? table.definition.computed : [drift.field];
    const amount = (random.between(1, 9_999_999) / 100).toFixed(2);
    table.change(id, Object.fromEntries(fields.map((field) => [field, amount])));
  }
  return render(faults, "read", table.find(id) ?? {});
}

function create(installation: Installation, table: LedgerTable, { sent, faults, entry }: Request): Answer {
  const { key, numbers } = table.definition;
  if (!isObject(sent)) return text(400, sent === undefined ? "Ugyldig JSON" : "Et objekt blev ventet");
  const fields = readWriteBody(installation.ledger, table, sent, faults);
  if (isRefusal(fields)) return text(fields.status, fields.text);
  const empty = table.definition.required.find((name) => (fields[name] ?? "").trim() === "");
  if (empty !== undefined) return text(400, `${empty} skal udfyldes`);
  const wanted = numbers === "caller" ? (asText(sent[key]) ?? "") : table.nextKey();
  if (wanted === "") return text(400, `${key} skal angives`);
  if (table.has(wanted)) return text(409, `${key} ${wanted} findes allerede i ${table.name}`);
  const { id } = table.insert(fields, wanted);
  entry.id = id;
  entry.applied = true;
  const late = findFault(faults, "showLate");
  if (late !== undefined) table.hide(id, late.ms ?? 0, late.reads ?? 0);
  return json(201, answered(installation, table, id, faults));
}

function change(installation: Installation, table: LedgerTable, id: string, request: Request): Answer {
  const { sent, faults, entry } = request;
  if (!isObject(sent)) return text(400, sent === undefined ? "Ugyldig JSON" : "Et objekt blev ventet");
  const fields = readWriteBody(installation.ledger, table, sent, faults);
  if (isRefusal(fields)) return text(fields.status, fields.text);
  const emptied = table.definition.required.find((name) => fields[name]?.trim() === "");
  if (emptied !== undefined) return text(400, `${emptied} skal udfyldes`);
  table.change(id, fields);
  entry.applied = true;
  return json(200, answered(installation, table, id, faults));
}

function remove(installation: Installation, table: LedgerTable, id: string, { faults, entry }: Request): Answer {
  const reason = findFault(faults, "refuseDelete") === undefined ? whyInUse(installation.ledger, table, id) : "i brug";
  if (reason !== undefined) return text(409, `${table.definition.key} ${id} kan ikke slettes: ${reason}`);
  const gone = answered(installation, table, id, faults);
  table.remove(id);
  entry.applied = true;
  return json(200, gone);
}

/** Every write answers with the object as it is stored. */
const answered = (installation: Installation, table: LedgerTable, id: string, faults: readonly Fault[]): string =>
  faults.length === 0 ? table.json(id) : JSON.stringify(shown(installation, table, id, faults));

/** A person gets in between: right before the request is carried out or right after, while the object is there. */
function personEdits(table: LedgerTable, id: string, faults: readonly Fault[], when: "before" | "after"): void {
  for (const fault of faults) {
    if (fault.kind === "personEdits" && fault.when === when && table.has(id)) table.change(id, fault.fields);
  }
}

const isObject = (sent: unknown): sent is Record<string, unknown> =>
  typeof sent === "object" && sent !== null && !Array.isArray(sent);
