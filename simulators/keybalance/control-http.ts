import type { Control } from "./control.ts";
import { FAULT_KINDS, type FaultRule } from "./faults.ts";
import type { RequestLog } from "./request-log.ts";
import type { Row, TableDefinition } from "./tables.ts";
import { asText } from "./write-body.ts";

/**
 * The control over HTTP, for a simulator in a process of its own. JSON in and out.
 *
 *   GET|POST   rows/<table>            all rows; create one (an array creates many)
 *   GET|PUT|DELETE rows/<table>/<id>   one row; edit it; remove it
 *   POST       renumber, merge         {table, from, to}, {table, from, into}
 *   POST       in-use                  {table, id, inUse}
 *   PUT        settings/<table>        what `configure` takes
 *   GET|POST|DELETE faults[/<id>]      rules in force; add one; take one or all away
 *   GET|DELETE log                     ?since=&function=&method=&id=; forget all
 *   GET        writes/<table>[/<id>]   the requests that changed it
 *   GET        counts                  requests by method
 *   DELETE     tokens                  end all tokens that a login gave
 */
export function controlCall(
  control: Control,
  log: RequestLog,
  call: { method: string; path: string; query: URLSearchParams; sent: unknown },
): { status: number; body: unknown } {
  const sent = isObject(call.sent) ? call.sent : {};
  try {
    const [what = "", table = "", id = ""] = call.path.split("/").map((part) => decodeURIComponent(part));
    switch (`${call.method} ${what}`) {
      case "GET rows":
        return id === "" ? ok(control.rows(table)) : found(control.row(table, id));
      case "POST rows":
        if (Array.isArray(call.sent)) return ok(call.sent.map((fields) => control.create(table, rowOf(fields))));
        return ok(control.create(table, rowOf(call.sent)));
      case "PUT rows":
        return ok(control.put(table, id, rowOf(call.sent)));
      case "DELETE rows":
        control.remove(table, id);
        return ok({ removed: id });
      case "POST renumber":
        return ok(control.renumber(word(sent.table), word(sent.from), word(sent.to)));
      case "POST merge":
        return ok(control.mergeInto(word(sent.table), word(sent.from), word(sent.into)));
      case "POST in-use":
        control.setInUse(word(sent.table), word(sent.id), sent.inUse === true);
        return ok({ inUse: sent.inUse === true });
      case "PUT settings":
        // A test's own settings, spread over the table's as they come.
        return ok(control.configure(table, sent as Partial<TableDefinition>));
      case "GET faults":
        return ok(control.faults());
      case "POST faults":
        return ok({ id: control.addFault(ruleOf(sent)) });
      case "DELETE faults":
        control.clearFaults(table === "" ? undefined : Number(table));
        return ok(control.faults());
      case "GET log":
        return ok(log.entries(logQuery(call.query)));
      case "DELETE log":
        log.clear();
        return ok([]);
      case "GET writes":
        return ok(log.writes(table, id === "" ? undefined : id));
      case "GET counts":
        return ok(log.counts());
      case "DELETE tokens":
        control.expireTokens();
        return ok({ expired: true });
      default:
        return { status: 404, body: { error: `No control ${call.method} ${what}` } };
    }
  } catch (error) {
    return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

const ok = (body: unknown) => ({ status: 200, body });
const found = (row: Row | undefined) => (row === undefined ? { status: 404, body: { error: "No such row" } } : ok(row));

const isObject = (sent: unknown): sent is Record<string, unknown> =>
  typeof sent === "object" && sent !== null && !Array.isArray(sent);

function word(sent: unknown): string {
  if (typeof sent !== "string" || sent === "") throw new Error("A text is missing in the body");
  return sent;
}

function rowOf(sent: unknown): Row {
  if (!isObject(sent)) throw new Error("An object was expected");
  return Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, asText(value) ?? ""]));
}

function ruleOf(sent: Record<string, unknown>): FaultRule {
  const kind = isObject(sent.fault) ? sent.fault.kind : undefined;
  if (!FAULT_KINDS.some((known) => known === kind))
    throw new Error(`A fault's kind is one of ${FAULT_KINDS.join(", ")}`);
  // The kind is checked; what belongs to it is the business of the test that sends it.
  return sent as unknown as FaultRule;
}

const logQuery = (query: URLSearchParams) => ({
  since: Number(query.get("since") ?? 0),
  ...Object.fromEntries([...query].filter(([name]) => ["function", "method", "id"].includes(name))),
});
