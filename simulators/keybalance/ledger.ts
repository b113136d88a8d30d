import { LedgerTable } from "./ledger-table.ts";
import type { Row, TableDefinition } from "./tables.ts";

/** All tables of one installation. */
export type Ledger = ReadonlyMap<string, LedgerTable>;

export function openLedger(
  definitions: Readonly<Record<string, TableDefinition>>,
  rows: Readonly<Record<string, readonly Row[]>>,
  now: () => number,
): Ledger {
  const ledger = new Map(Object.entries(definitions).map(([name, each]) => [name, new LedgerTable(name, each, now)]));
  for (const [name, some] of Object.entries(rows)) {
    const table = getTable(ledger, name);
    for (const row of some) table.insert(row, row[table.definition.key] || table.nextKey());
  }
  return ledger;
}

/** Throws when the installation has no such table. */
export function getTable(ledger: Ledger, name: string): LedgerTable {
  const table = ledger.get(name);
  if (table === undefined) throw new Error(`No table ${name}`);
  return table;
}

/** Why the row cannot go, in the ledger's words, or undefined when it can. */
export function whyInUse(ledger: Ledger, table: LedgerTable, id: string): string | undefined {
  if (table.inUse.has(id)) return "i brug";
  const saldo = table.find(id)?.Saldo ?? "";
  if (Number(saldo) !== 0) return "i brug: der er en saldo";
  const child = childrenOf(ledger, table.name).find(({ child, field }) =>
    child.rows().some((row) => row[field] === id),
  );
  return child && `i brug i ${child.child.name}`;
}

/** Gives a row another key, as a person in the ERP does; rows that name it follow. */
export function renumber(ledger: Ledger, name: string, from: string, to: string): Row {
  const table = getTable(ledger, name);
  table.rekey(from, to);
  repoint(ledger, name, from, to);
  return table.find(to) ?? {};
}

/** Two rows become one: the balance and the rows that name it move, its other fields are lost, the old key is gone. */
export function mergeInto(ledger: Ledger, name: string, from: string, into: string): Row {
  const table = getTable(ledger, name);
  const [gone, kept] = [table.find(from), table.find(into)];
  if (gone === undefined || kept === undefined) throw new Error(`${name} has no ${gone === undefined ? from : into}`);
  const sums = table.definition.computed.map((field) => {
    const sum = Number(gone[field]) + Number(kept[field]);
    return [field, Number.isNaN(sum) ? (kept[field] ?? "") : sum.toFixed(2)];
  });
  table.change(into, Object.fromEntries(sums));
  repoint(ledger, name, from, into);
  table.remove(from);
  table.moved.set(from, into);
  return table.find(into) ?? {};
}

function repoint(ledger: Ledger, parent: string, from: string, to: string): void {
  for (const { child, field } of childrenOf(ledger, parent)) {
    for (const row of child.rows()) {
      if (row[field] === from) child.change(row[child.definition.key] ?? "", { [field]: to });
    }
  }
}

const childrenOf = (ledger: Ledger, parent: string): { child: LedgerTable; field: string }[] =>
  [...ledger.values()].flatMap((child) =>
    Object.entries(child.definition.references)
      .filter(([, target]) => target === parent)
      .map(([field]) => ({ child, field })),
  );
