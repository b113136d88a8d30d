import { normalForm, spellingForm } from "./normal-form.ts";
import type { Row } from "./simulator.ts";
import { type SharedUnit, sharedUnits } from "./units.ts";

/** All rows of both systems, read through their APIs just now, by function. */
export interface Reading {
  readonly ledger: Readonly<Record<string, readonly Row[]>>;
  readonly crm: Readonly<Record<string, readonly Row[]>>;
}

/** Which row stands for which record, as the gateway says (`GET /v1/links`). */
export interface LinkOf {
  readonly object: string;
  readonly externalId: string;
  readonly entityId: string | null;
  readonly state: string;
}

/** One value of one company that the two systems do not agree about. */
export interface Difference {
  readonly entityId: string;
  readonly unit: string;
  /** `object externalId` of each row that takes part. */
  readonly rows: readonly string[];
  readonly values: readonly string[];
}

export interface Comparison {
  /** Raw differences; unit `record` where one system has no row at all. */
  readonly differences: readonly Difference[];
  /** Pairs that differ in case, space or punctuation only: spellings, which nobody should be made to change. */
  readonly spellings: readonly Difference[];
  /** Rows that no record stands behind, `object externalId`. */
  readonly unlinked: readonly string[];
  /** Registration numbers that stand on more than one row of the CRM: a company that was made twice. */
  readonly doubled: readonly string[];
  /** Rows of the ledger that were compared with a row of the CRM. */
  readonly shared: number;
}

const OBJECTS = [
  { object: "debitor", name: "Debitorer" },
  { object: "kreditor", name: "Kreditorer" },
] as const;

/**
 * Compares the two systems row by row. Knows the rows, the links and what the fields mean, and nothing of how the gateway
 * came to its values: it imports none of it.
 */
export function compareSystems({ ledger, crm }: Reading, links: readonly LinkOf[]): Comparison {
  const entityOf = new Map<string, string>(
    links.flatMap(({ object, externalId, entityId, state }) =>
      entityId === null || state !== "linked" ? [] : [[`${object} ${externalId}`, entityId] as const],
    ),
  );
  const unlinked: string[] = [];
  const emner = new Map<string, Row>();
  for (const row of crm.KundeEmner ?? []) {
    const id = `kundeemne ${row.Kontonr}`;
    const entityId = entityOf.get(id);
    if (entityId === undefined) unlinked.push(id);
    else emner.set(entityId, row);
  }
  for (const row of crm.Kontaktpersoner ?? []) {
    const id = `kontaktperson ${row.Id}`;
    if (!entityOf.has(id)) unlinked.push(id);
  }
  const primaries = primaryContacts(crm.Kontaktpersoner ?? []);
  const found = new Map<string, Difference>();
  const spellings = new Map<string, Difference>();
  let shared = 0;
  for (const { object, name } of OBJECTS) {
    for (const row of ledger[name] ?? []) {
      const id = `${object} ${row.Kontonr}`;
      const entityId = entityOf.get(id);
      if (entityId === undefined) {
        unlinked.push(id);
        continue;
      }
      const emne = emner.get(entityId);
      if (emne === undefined) {
        add(found, { entityId, unit: "record", rows: [id], values: [] });
        continue;
      }
      shared += 1;
      const contact = primaries.get(emne.Kontonr ?? "");
      for (const unit of sharedUnits[name] ?? []) {
        const other = unit.contact === true ? contact : emne;
        // Without a primary contact the ledger's contact fields are neither sent nor cleared.
        if (unit.contact === true && other === undefined && isEmpty(unit, row)) continue;
        const verdict = compare(unit, row, other ?? {});
        if (verdict === "same") continue;
        const values = [shown(unit.ledger, row), shown(unit.crm, other ?? {})];
        const rows = [id, `kundeemne ${emne.Kontonr}`];
        add(verdict === "spelling" ? spellings : found, { entityId, unit: unit.unit, rows, values });
      }
    }
  }
  const differences = [...found.values()];
  return {
    differences,
    spellings: [...spellings.values()],
    unlinked,
    doubled: doubledIn(crm.KundeEmner ?? []),
    shared,
  };
}

function compare({ form, ledger, crm }: SharedUnit, row: Row, other: Row): "same" | "spelling" | "differs" {
  let verdict: "same" | "spelling" = "same";
  for (const [at, field] of ledger.entries()) {
    const [left, right] = [row[field] ?? "", other[crm[at] ?? ""] ?? ""];
    const [a, b] = [normalForm(form, left), normalForm(form, right)];
    if (a === b) continue;
    if (a === "" || b === "" || spellingForm(left) !== spellingForm(right)) return "differs";
    verdict = "spelling";
  }
  return verdict;
}

/** A value of one company counts once, however many of its rows are without it. */
function add(differences: Map<string, Difference>, each: Difference): void {
  const key = `${each.entityId} ${each.unit}`;
  const known = differences.get(key);
  const rows = [...new Set([...(known?.rows ?? []), ...each.rows])];
  differences.set(key, { ...each, rows, values: [...new Set([...(known?.values ?? []), ...each.values])] });
}

function doubledIn(rows: readonly Row[]): string[] {
  const numbered = Map.groupBy(rows, (row) => normalForm("registration", row.SE_Nr ?? ""));
  return [...numbered].flatMap(([number, same]) => (number !== "" && same.length > 1 ? [number] : []));
}

function primaryContacts(contacts: readonly Row[]): Map<string, Row> {
  const primary = contacts.filter((row) => row.Primaer === "1");
  return new Map(primary.map((row) => [row.EmneNr ?? "", row]));
}

const isEmpty = ({ ledger }: SharedUnit, row: Row): boolean =>
  ledger.every((field) => (row[field] ?? "").trim() === "");
const shown = (fields: readonly string[], row: Row): string => fields.map((field) => row[field] ?? "").join(" | ");

/** What the gateway gives as reasons for values that it leaves apart. */
export interface Reasons {
  /** `entityId unit` of fields that wait for a person. */
  readonly held: ReadonlySet<string>;
  /** `entityId unit` of fields that the gate keeps back. */
  readonly withheld: ReadonlySet<string>;
  /** `object externalId` of rows whose last change was put aside. */
  readonly quarantined: ReadonlySet<string>;
}

export interface Tally {
  readonly differences: number;
  readonly held: number;
  readonly withheld: number;
  readonly quarantined: number;
  /** What is left: differences without a reason. */
  readonly drift: readonly Difference[];
}

/** Gives every difference the first reason that fits; drift is what has none. */
export function tally(differences: readonly Difference[], reasons: Reasons): Tally {
  const counts = { held: 0, withheld: 0, quarantined: 0 };
  const drift: Difference[] = [];
  for (const each of differences) {
    // A company without a name in force cannot be made in the other system: its hold holds the row.
    const key = `${each.entityId} ${each.unit === "record" ? "firmanavn" : each.unit}`;
    if (each.rows.some((row) => reasons.quarantined.has(row))) counts.quarantined += 1;
    else if (reasons.held.has(key)) counts.held += 1;
    else if (reasons.withheld.has(key)) counts.withheld += 1;
    else drift.push(each);
  }
  return { differences: differences.length, ...counts, drift };
}
