import fc from "fast-check";
import { expect, test } from "vitest";
import { soundKey } from "../../src/danish/sound-key.ts";
import { likeNames, typingFaults } from "../../src/danish/typing-faults.ts";

// Vectors: Kobling domain notes, section e.7.
test.each([
  ["Kristensen", "Christensen"],
  ["Thomsen", "Tomsen"],
  ["Filip", "Philip"],
  ["Karsten", "Carsten"],
  ["Schmidt", "Smidt"],
  ["Nygaard", "Nygård"],
  ["Lauritsen", "Lauritzen"],
  ["Sørensen", "Soerensen"],
  ["Viggo", "Wiggo"],
  ["Hjort", "Jort"],
  ["Møller", "Mueller"],
  ["Eriksen", "Erichsen"],
  ["Frederiksen", "Fredriksen"],
  ["Kirkegaard", "Kierkegaard"],
  ["Jansen", "Jensen"],
  ["Hansen", "Hanson"],
])("%s and %s sound alike", (a, b) => {
  expect(soundKey(a)).toBe(soundKey(b));
  expect(soundKey(a)).not.toBe("");
});

test.each([
  ["Petersen", "Pedersen"],
  ["Madsen", "Matsen"],
  ["Skov", "Schou"],
])("%s and %s do not", (a, b) => {
  expect(soundKey(a)).not.toBe(soundKey(b));
});

test("a word has a sound where it has a letter or digit, whatever its case and marks", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (word) => {
      expect(soundKey(word) === "").toBe(!/[\p{L}\p{N}]/u.test(word.normalize("NFC")));
    }),
  );
  expect(soundKey("ÅGÅRD")).toBe(soundKey("aagaard"));
  expect(soundKey("3F")).toBe("3f");
});

test("a letter too many, too few, another one, and two swapped are one typing fault each", () => {
  const faults = ["hansen", "hannsen", "hanse", "hamsen", "hasnen", "hasnne"].map((word) =>
    typingFaults("hansen", word, 2),
  );
  expect(faults).toEqual([0, 1, 1, 1, 1, 2]);
  expect(typingFaults("hansen", "jensen byg", 2)).toBeUndefined();
});

test("typing faults are the same from both sides, and none only between equals", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(typingFaults(b, a, 3)).toBe(typingFaults(a, b, 3));
      expect(typingFaults(a, b, 3) === 0).toBe(a === b);
    }),
  );
});

test.each([
  ["norregard og sonner", "norregrad og soner", true],
  ["brdr hansen maskinfabr", "brodrene hansen maskinfabrik", true],
  ["holm invest 1", "holm invest 2", false],
  ["holm og co", "holm og go", false],
  ["holm byg", "holm bygg", true],
  ["holm byg", "holm bgy", true],
  ["holm byg", "holm bog", false],
  ["lund byg", "lind byg", true],
  ["lund byg", "linde byg", false],
  ["holm", "holm holding", false],
  ["norregard og sonner", "nregard og snr", false],
])("%s is like %s: %s", (a, b, expected) => {
  expect(likeNames(a, b)).toBe(expected);
  expect(likeNames(b, a)).toBe(expected);
});
