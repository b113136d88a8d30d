import type { Random } from "./random.ts";

/** How one person typed a value that another typed otherwise. `noise` (0 to 1) is how often it differs from the plain one. */
export interface Spelling {
  name(value: string): string;
  street(value: string): string;
  town(value: string): string;
  phone(value: string): string;
  registration(value: string): string;
}

/** Spellings that mean the same: what a matching key must see through, and what must not be sent back and forth. */
export function spellingOf(random: Random, noise: number): Spelling {
  const perhaps = (value: string, ...ways: readonly ((value: string) => string)[]): string =>
    value !== "" && random.chance(noise) ? random.pick(ways)(value) : value;
  return {
    name: (value) =>
      perhaps(
        value,
        (name) => name.replace(/ A\/S$/, " AS").replace(/ ApS$/, " APS"),
        (name) => name.toLocaleUpperCase("da"),
        (name) => name.replace(" & ", " og "),
        (name) => name.replace("Brdr.", "Brødrene").replace(/å/g, "aa"),
      ),
    street: (value) =>
      perhaps(
        value,
        (street) => street.replace("Gammel ", "Gl. ").replace("Nordre ", "Ndr. ").replace("Søndre ", "Sdr. "),
        (street) => street.replace("Sankt ", "Skt. ").replace("Allé", "Alle").replace("Doktor ", "Dr. "),
        (street) => street.replace(/vej (?=\d)/, "v. "),
        (street) => street.toLocaleUpperCase("da"),
      ),
    town: (value) =>
      perhaps(
        value,
        (town) => town.replace("København", "Kbh.").replace("Aa", "Å"),
        (town) => town.toLocaleUpperCase("da"),
      ),
    phone: (value) =>
      perhaps(
        value,
        (phone) => phone.replace(/(\d{2})(?=\d)/g, "$1 "),
        (phone) => `+45 ${phone.replace(/(\d{2})(?=\d)/g, "$1 ")}`,
        (phone) => `+45${phone}`,
        (phone) => `${phone.slice(0, 4)} ${phone.slice(4)}`,
      ),
    registration: (value) =>
      perhaps(
        value,
        (number) => `DK${number}`,
        (number) => number.replace(/(\d{2})(?=\d)/g, "$1 "),
      ),
  };
}
