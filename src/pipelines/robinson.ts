import { robinsonKey } from "../danish/robinson.ts";
import { RejectedError } from "../lib/errors.ts";
import type { EntityKind } from "../model/catalogue.ts";
import { type PossiblePerson, pageOfPersons } from "../store/robinson.ts";
import { write } from "./batch.ts";
import type { Actor, Deps } from "./deps.ts";
import { actorSetter, inBatch } from "./edit.ts";
import { takeEntities } from "./load.ts";

const BATCH = 200;
/** The national list has some hundred thousand; a longer file is another one. */
const MOST_LISTED = 2_000_000;
const FIRST_ID = "00000000-0000-0000-0000-000000000000";

export interface ListedPerson {
  readonly navn: string;
  readonly adresse1: string;
  readonly postnr: string;
}

export interface RobinsonChecked {
  /** Lines of the list. */
  readonly lines: number;
  /** Of them, those of which no house or no surname can be read: they recognise nobody. */
  readonly unreadable: number;
  /** Kundeemner that were looked up. */
  readonly checked: number;
  /** Of them, those that may be on it. */
  readonly listed: number;
  /** Kundeemner without a readable house: not known, so not written to. */
  readonly unknown: number;
}

/**
 * Looks every Kundeemne that may be a person up in the Robinson list (markedsføringsloven § 10, domain notes, d.9) and notes what it
 * says, and of which day it is. Of the list itself nothing is kept. Running it again with the same list changes nothing.
 * Throws RejectedError `bad_value` where the file is no such list.
 */
export async function checkRobinson(
  deps: Deps,
  list: AsyncIterable<readonly ListedPerson[]>,
  { day, by }: { readonly day: string; readonly by: Actor },
): Promise<RobinsonChecked> {
  const keys = new Set<string>();
  let lines = 0;
  let unreadable = 0;
  for await (const rows of list) {
    for (const { navn, adresse1, postnr } of rows) {
      lines += 1;
      const key = robinsonKey(navn, { adresse1, postnr });
      if (key === null) unreadable += 1;
      else keys.add(key);
    }
    if (keys.size > MOST_LISTED)
      throw new RejectedError("bad_value", "The file has more persons than the Robinson list", {
        context: { field: "body", rule: "robinson_list", limit: MOST_LISTED },
      });
  }
  // An empty file would say of everybody that they are not listed.
  if (keys.size === 0)
    throw new RejectedError("bad_value", "No line names a person with a surname and a house", {
      context: { field: "body", rule: "robinson_list" },
    });
  const counts = { checked: 0, listed: 0, unknown: 0 };
  for (let after = FIRST_ID; ; ) {
    const persons = await pageOfPersons(deps.db.sql, after, BATCH);
    const last = persons.at(-1);
    if (last === undefined) break;
    after = last.id;
    const said = new Map(persons.map((person) => [person.id, sayOf(person, keys)]));
    await note(deps, said, { day, by });
    for (const listed of said.values()) {
      counts.checked += 1;
      if (listed === true) counts.listed += 1;
      if (listed === null) counts.unknown += 1;
    }
  }
  deps.log.info("robinson.checked", { lines, unreadable, ...counts, by: by.name });
  return { lines, unreadable, ...counts };
}

/** Null: without a house of its own nothing can be said. */
function sayOf({ names, adresse1, postnr, landekode }: PossiblePerson, keys: ReadonlySet<string>): boolean | null {
  const own = names.flatMap((name) => robinsonKey(name, { adresse1, postnr, landekode }) ?? []);
  return own.length === 0 ? null : own.some((key) => keys.has(key));
}

async function note(
  deps: Deps,
  said: ReadonlyMap<string, boolean | null>,
  { day, by }: { readonly day: string; readonly by: Actor },
): Promise<void> {
  await inBatch(deps, async (batch) => {
    await takeEntities(batch, new Map([...said.keys()].map((id) => [id, "kundeemne"] as [string, EntityKind])));
    const cause = { by: actorSetter(by, batch.now), changeId: null, runId: null, mapping: null, kind: "robinson" };
    for (const [id, listed] of said) {
      const slot = batch.entities.get(id);
      const { state, values } = slot?.entity ?? {};
      if (slot === undefined || state?.erased === true || state?.mergedInto != null) continue;
      const fields = {
        "robinson.listed": listed,
        "robinson.checkedAt": listed === null ? null : new Date(`${day}T00:00:00Z`).toISOString(),
      };
      if (Object.entries(fields).every(([field, value]) => (values?.[field] ?? null) === value)) continue;
      write(batch, slot, [{ unit: "robinson", did: "took", rule: "S60:robinson", write: fields }], cause);
    }
  });
}
