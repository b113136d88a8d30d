import { KoblingError } from "../lib/errors.ts";
import type { CompiledMapping, RemoteImage } from "../mappings/mapping.ts";
import { canonicalDecimal } from "../model/decimal.ts";
import type { Value } from "../model/field.ts";
import type { StoredLink } from "../store/links.ts";
import type { Deps } from "./deps.ts";
import { asError } from "./each.ts";

/** An amount that an account owes or is owed, in one currency; a canonical decimal. */
export interface Balance {
  readonly connection: string;
  readonly object: string;
  readonly externalId: string;
  readonly amount: string;
  readonly currency: string;
}

/** An account whose balance could not be read just now, and the code of what hindered it. */
export interface UnknownBalance extends Pick<StoredLink, "connection" | "object" | "externalId"> {
  readonly why: string;
}

const UNITS: Readonly<Record<string, string>> = { debitor: "saldoDeb", kreditor: "saldoKred" };

/** Accounts that stand for a record: links of a debitor, where it is asked for also of a kreditor. */
export const accountsOf = (links: readonly StoredLink[], withKreditor: boolean): StoredLink[] =>
  links.filter(
    ({ object, state }) =>
      (state === "linked" || state === "extra") && (object === "debitor" || (withKreditor && object === "kreditor")),
  );

/**
 * Reads the balances of accounts from their ledgers, now: what is stored says what was (S71). Outside any transaction.
 * Amounts of 0 are told too.
 */
export async function readBalances(
  deps: Deps,
  accounts: readonly StoredLink[],
): Promise<{ balances: Balance[]; unknown: UnknownBalance[] }> {
  const balances: Balance[] = [];
  const unknown: UnknownBalance[] = [];
  await Promise.all(
    accounts.map(async ({ connection, object, externalId }) => {
      const account = { connection, object, externalId };
      try {
        const mapping = deps.mappingOf(connection, object);
        const client = deps.clientOf(connection);
        const answer = await deps.limits.call(connection, () => client.get(object, externalId));
        const read = mapping === undefined || "gone" in answer ? [] : balancesIn(mapping, object, answer.object.image);
        for (const each of read) balances.push({ ...account, ...each });
        if (read.length === 0) unknown.push({ ...account, why: "gone" in answer ? "gone" : "not_shown" });
      } catch (error) {
        const code = error instanceof KoblingError ? error.code : "internal";
        if (code === "internal") deps.log.error("balance.not_read", { ...account, error: asError(error) });
        unknown.push({ ...account, why: code });
      }
    }),
  );
  return { balances, unknown };
}

/**
 * The balances that an object shows, in every currency: a ledger that shows an amount in the account's currency and one in
 * its own is asked for both, since a rounding may be left in either.
 */
export function balancesIn(
  mapping: CompiledMapping,
  object: string,
  image: RemoteImage,
): { amount: string; currency: string }[] {
  const unit = UNITS[object] ?? "";
  const mapped = mapping.unitByName.get(unit);
  if (mapped === undefined) return [];
  const shown = new Map<string, { amount: string; currency: string }>();
  const whole = amountOf(mapping.readRemote(image).claims, unit);
  if (whole === undefined) return [];
  shown.set(`${whole.currency} ${whole.amount}`, whole);
  for (const remote of mapped.remote) {
    const { [remote]: _, ...rest } = image;
    const part = amountOf(mapping.readRemote(rest).claims, unit);
    if (part !== undefined) shown.set(`${part.currency} ${part.amount}`, part);
  }
  return [...shown.values()];
}

function amountOf(claims: { readonly [key: string]: Value }, unit: string) {
  const [amount, currency] = [claims[`${unit}.beloeb`], claims[`${unit}.valuta`]];
  const canonical = typeof amount === "string" ? canonicalDecimal(amount) : undefined;
  if (canonical === undefined) return undefined;
  return { amount: canonical, currency: typeof currency === "string" ? currency : "DKK" };
}
