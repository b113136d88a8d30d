import type { ActiveRule, FaultRule, Faults } from "./faults.ts";
import { getTable, type Ledger, mergeInto, renumber } from "./ledger.ts";
import type { SignIn } from "./sign-in.ts";
import type { Row, TableDefinition } from "./tables.ts";

/**
 * What a person in the ERP, or a fault, does behind the gateway's back: nothing of it passes the API, its checks or
 * its log. Every method throws an `Error` in words when there is no such table or row.
 */
export interface Control {
  rows(table: string): Row[];
  row(table: string, id: string): Row | undefined;
  /** Changes fields, computed ones too. Returns the row after it. */
  put(table: string, id: string, fields: Row): Row;
  /** A new row under the key among the fields, or the next of the series. */
  create(table: string, fields: Row): Row;
  remove(table: string, id: string): void;
  renumber(table: string, from: string, to: string): Row;
  mergeInto(table: string, from: string, into: string): Row;
  /** While in use, a DELETE of the row is refused. */
  setInUse(table: string, id: string, isInUse: boolean): void;
  /** Changes how the installation is set up: verbs, numbers, lists of codes, lengths. */
  configure(table: string, settings: Partial<TableDefinition>): TableDefinition;
  addFault(rule: FaultRule): number;
  clearFaults(id?: number): void;
  faults(): readonly ActiveRule[];
  /** Ends all tokens that a login gave. */
  expireTokens(): void;
}

export function controlOf(ledger: Ledger, faults: Faults, signIn: SignIn): Control {
  const getRow = (name: string, id: string): Row => {
    const row = getTable(ledger, name).find(id);
    if (row === undefined) throw new Error(`${name} has no ${id}`);
    return row;
  };
  return {
    rows: (name) => getTable(ledger, name).rows(),
    row: (name, id) => getTable(ledger, name).find(id),
    put: (name, id, fields) => getTable(ledger, name).change(id, fields),
    create(name, fields) {
      const table = getTable(ledger, name);
      return table.insert(fields, fields[table.definition.key] || table.nextKey()).row;
    },
    remove(name, id) {
      getRow(name, id);
      getTable(ledger, name).remove(id);
    },
    renumber: (name, from, to) => renumber(ledger, name, from, to),
    mergeInto: (name, from, into) => mergeInto(ledger, name, from, into),
    setInUse(name, id, isInUse) {
      getRow(name, id);
      const { inUse } = getTable(ledger, name);
      if (isInUse) inUse.add(id);
      else inUse.delete(id);
    },
    configure(name, settings) {
      const table = getTable(ledger, name);
      table.definition = { ...table.definition, ...settings };
      return table.definition;
    },
    addFault: (rule) => faults.add(rule),
    clearFaults: (id) => faults.clear(id),
    faults: () => faults.active(),
    expireTokens: () => signIn.expire(),
  };
}
