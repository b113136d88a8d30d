const MOST = 6;
const digraphs: readonly (readonly [RegExp, string])[] = [
  [/aa/g, "å"],
  [/ae/g, "æ"],
  [/oe/g, "ø"],
];

/**
 * Spellings of an address to try, as typed first: the register finds nothing for `Norrebrogade`, so æ, ø and å are tried in
 * the name of the street (what stands before its number). At most six.
 */
export function spellingsOf(text: string): string[] {
  const [, street = text, rest = ""] = /^(\D*)(.*)$/su.exec(text) ?? [];
  const spelled = digraphs.reduce((name, [pair, letter]) => name.replace(pair, letter), street);
  const found = new Set([text, spelled + rest]);
  for (const [plain, letter] of [
    ["o", "ø"],
    ["a", "å"],
  ] as const) {
    for (const { index } of street.matchAll(new RegExp(plain, "g")))
      found.add(street.slice(0, index) + letter + street.slice(index + 1) + rest);
  }
  return [...found].slice(0, MOST);
}
