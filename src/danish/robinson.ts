import { type AddressFacts, addressKey } from "./address.ts";
import { keyDa } from "./text.ts";

/**
 * By what a person on the Robinson list is recognised: surname, first letter of the first name, and the house. Wider than
 * the person (two of a family may share it), since whoever may be on the list is not written to (domain notes, d.9). Null
 * where name or house is missing: nothing can be said of such a one.
 */
export function robinsonKey(name: string, address: AddressFacts): string | null {
  const house = addressKey(address);
  const words = keyDa(name)
    .split(" ")
    .filter((word) => word !== "");
  const [first] = words;
  const last = words.at(-1);
  if (house === null || first === undefined || last === undefined || words.length < 2) return null;
  return `${last}|${first.slice(0, 1)}|${house}`;
}
