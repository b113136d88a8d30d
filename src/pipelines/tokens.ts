import type { TokenStore } from "../connectors/connector.ts";
import type { Sql } from "../store/database.ts";
import { loadSealedToken, withTokenLock } from "../store/tokens.ts";

interface Seal {
  seal(text: string): string;
  open(sealed: string): string;
}

/** Renewed before it runs out, so that no request meets the last second. */
const MARGIN_MS = 10_000;

/** A renewed token is sealed in the store and renewed once, by whoever comes first, for all processes. */
export function tokenStore(sql: Sql, seal: Seal, connection: string, now: () => number): TokenStore {
  return {
    async token(renew, refused) {
      const known = await loadSealedToken(sql, connection);
      const usable = (stored: typeof known): string | undefined => {
        if (stored === undefined || (stored.expiresAt !== null && stored.expiresAt - MARGIN_MS < now()))
          return undefined;
        const token = seal.open(stored.sealed);
        return token === refused ? undefined : token;
      };
      const token = usable(known);
      if (token !== undefined) return token;
      return withTokenLock(sql, connection, async (current, save) => {
        // Another process may have renewed it while this one waited.
        const renewed = usable(current);
        if (renewed !== undefined) return renewed;
        const fresh = await renew();
        await save(seal.seal(fresh.token), fresh.expiresAt);
        return fresh.token;
      });
    },
  };
}
