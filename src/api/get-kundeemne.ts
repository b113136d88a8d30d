import { findKundeemne, type ReadRecord } from "../store/kundeemner-read.ts";
import { findSurvivor } from "../store/merges.ts";
import type { ApiDeps } from "./api-deps.ts";
import { Problem } from "./problems.ts";

/** The record that has this id. One that was merged into another tells of that one for ever (rule R28). */
export async function getKundeemne(deps: Pick<ApiDeps, "sql">, id: string): Promise<ReadRecord> {
  const record = await findKundeemne(deps.sql, id);
  if (record === undefined) throw new Problem(404, "not_found");
  if (record.mergedInto !== null)
    throw new Problem(410, "merged", { extra: { mergedInto: await findSurvivor(deps.sql, record.mergedInto) } });
  return record;
}
