import type { Value } from "./field.ts";

/** Fields whose words the installation can decide itself (S6): where it keeps a list, nothing else is typed into them. */
export const vocabularyFields = ["maalgrupper", "interessetyper", "status", "titler", "profiler"] as const;
export type VocabularyField = (typeof vocabularyFields)[number];

/** By field: its words, each with a text for people or null. */
export type Vocabularies = Readonly<Partial<Record<VocabularyField, Readonly<Record<string, string | null>>>>>;

/** The words of a field; undefined where there is no list, and any word does. */
export const wordsOf = (vocabularies: Vocabularies, field: string): readonly string[] | undefined => {
  const listed = (vocabularies as Readonly<Record<string, Readonly<Record<string, string | null>> | undefined>>)[field];
  return listed === undefined ? undefined : Object.keys(listed);
};

/** True when a value, or one of a field of several, is not in the field's list. */
export function isUnlisted(vocabularies: Vocabularies, field: string, value: Value | undefined): boolean {
  const words = wordsOf(vocabularies, field);
  if (words === undefined || value === null || value === undefined) return false;
  const listed = new Set<unknown>(words);
  return (Array.isArray(value) ? value : [value]).some((each) => !listed.has(each));
}
