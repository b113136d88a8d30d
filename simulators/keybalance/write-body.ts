import { type Fault, render } from "./faults.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerTable } from "./ledger-table.ts";
import type { Row } from "./tables.ts";

/** The ledger says no: the status of the answer and its text. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/** What a body sets, ready to be stored: the key, computed fields and the ledger's own are left out without a word. */
export function readWriteBody(
  ledger: Ledger,
  table: LedgerTable,
  body: Readonly<Record<string, unknown>>,
  faults: readonly Fault[],
): Row | Refusal {
  const { key, fields, computed, erpOnly, unknownFields } = table.definition;
  const ignored = faults.flatMap((fault) => (fault.kind === "ignoreField" ? [fault.field] : []));
  const read: Record<string, string> = {};
  for (const [name, sent] of Object.entries(body)) {
    if (name === key || computed.includes(name) || erpOnly.includes(name) || ignored.includes(name)) continue;
    if (!fields.includes(name)) {
      if (unknownFields === "refuse") return refuse(`Feltet ${name} findes ikke i ${table.name}`);
      continue;
    }
    const value = asText(sent);
    if (value === undefined) return refuse(`Feltet ${name} har en forkert værdi`);
    const fault = faultOf(ledger, table, name, value);
    if (fault !== undefined) return refuse(fault);
    read[name] = value;
  }
  return render(faults, "write", read);
}

export const isRefusal = (read: Row | Refusal): read is Refusal => typeof read.status === "number";

const refuse = (text: string): Refusal => ({ status: 400, text });

/** Numbers and booleans are taken as the ledger writes them; null empties, as the empty string does. */
export function asText(sent: unknown): string | undefined {
  switch (typeof sent) {
    case "string":
      return sent;
    case "number":
      return String(sent);
    case "boolean":
      return sent ? "1" : "0";
    default:
      return sent === null ? "" : undefined;
  }
}

function faultOf(ledger: Ledger, table: LedgerTable, name: string, value: string): string | undefined {
  if (value === "") return undefined;
  const { max, codes, locationNumbers, references } = table.definition;
  const longest = max[name];
  if (longest !== undefined && value.length > longest) return `${name} må højst fylde ${longest} tegn`;
  if (codes[name]?.includes(value) === false) return `${name}: koden findes ikke`;
  if (locationNumbers.includes(name) && !isLocationNumber(value)) return `${name}: ugyldigt EAN-lokationsnummer`;
  const parent = ledger.get(references[name] ?? "");
  if (parent?.has(value) === false) return `${name}: ${value} findes ikke i ${parent.name}`;
  return undefined;
}

/** 13 digits, the last one the check digit of GS1: weights 1 and 3 in turn, the sum a multiple of ten. */
function isLocationNumber(value: string): boolean {
  if (!/^\d{13}$/.test(value)) return false;
  const sum = [...value].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}
