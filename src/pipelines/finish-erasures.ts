import { hashedAddress } from "../store/consents.ts";
import { dropToldAddresses, hashReceipts } from "../store/erase-rows.ts";
import type { Deps } from "./deps.ts";

/**
 * What of the erased had to stand until a campaign tool was told: its address goes, its receipts keep a keyed hash. May run twice.
 * Gives how many addresses went.
 */
export async function finishErasures(deps: Deps): Promise<number> {
  return deps.db.sql.begin(async (tx) => {
    const told = await dropToldAddresses(tx);
    await hashReceipts(
      tx,
      told.map((each) => ({ ...each, hash: hashedAddress(deps.seal, each.address) })),
    );
    return told.length;
  });
}
