import type { Catalogue } from "./catalogue.ts";
import {
  type Comparison,
  type Criterion,
  comparableKinds,
  isInstant,
  type MetaFact,
  metaFacts,
  prefixKinds,
  type RelativeDay,
  readOperand,
} from "./criteria.ts";
import type { Field } from "./field.ts";
import { readBox, readCircle, readPolygon } from "./geo.ts";

/** Where a text cannot be read: the character, from 1, and what could stand there, in signs of the language itself. */
export interface TextFault {
  readonly at: number;
  readonly code: "filter_syntax" | "unknown_field" | "bad_value";
  readonly wanted: string;
}

interface Token {
  readonly kind: "word" | "text" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

const SIGN = /^(?:!=|<=|>=|\.\.|[()=<>~,])/;
const WORD = /^(?:(?!\.\.)[^\s()=<>~,"!])+/u;
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"/u;
const AREAS = { near: readCircle, bbox: readBox, polygon: readPolygon } as const;
const SIGNS: Readonly<Record<string, Comparison>> = { "<": "lt", "<=": "lte", ">": "gt", ">=": "gte" };
const MOST_DEEP = 40;
/** Words of the language, in Danish as well. */
const WORDS: Readonly<Record<string, string>> = {
  ...{ and: "and", og: "and", or: "or", eller: "or", not: "not", ikke: "not", in: "in", i: "in", is: "is", er: "is" },
  ...{ empty: "empty", tom: "empty", tomt: "empty", all: "all", alle: "all", none: "none", ingen: "none" },
};

class Misread extends Error {
  readonly fault: TextFault;
  constructor(fault: TextFault) {
    super(fault.code);
    this.fault = fault;
  }
}

/**
 * Reads a criterion as a person writes it: `postnr in (8000..8299, 9000) and (branche.kode ~ "43" or vaerdi >= 10000) and not
 * maalgrupper = webshop and nyesteAkt < today-90d`. Fields are those of the catalogue; `=` asks a field of several values
 * whether it contains one; `is empty`; `near(lat,lng,metres)`, `bbox(…)`, `polygon(…)`; a field of yes and no may stand alone.
 * An empty text is everything.
 */
export function readCriterion(
  catalogue: Catalogue<string>,
  text: string,
  aliases: ReadonlyMap<string, string> = new Map(),
): { readonly criterion: Criterion } | { readonly fault: TextFault } {
  try {
    return { criterion: new Reader(catalogue, aliases, text).whole() };
  } catch (error) {
    if (error instanceof Misread) return { fault: error.fault };
    throw error;
  }
}

class Reader {
  readonly #catalogue: Catalogue<string>;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #text: string;
  #at = 0;
  #next: Token;
  #depth = 0;

  constructor(catalogue: Catalogue<string>, aliases: ReadonlyMap<string, string>, text: string) {
    this.#catalogue = catalogue;
    this.#aliases = aliases;
    this.#text = text;
    this.#next = this.#lex();
  }

  whole(): Criterion {
    if (this.#isAtEnd()) return { and: [] };
    const criterion = this.#any();
    if (!this.#isAtEnd()) throw this.#wrong("and or");
    return criterion;
  }

  #isAtEnd(): boolean {
    return this.#next.kind === "end";
  }

  #any(): Criterion {
    const parts = [this.#every()];
    while (this.#takeWord("or")) parts.push(this.#every());
    return one(parts) ?? { or: parts };
  }

  #every(): Criterion {
    const parts = [this.#single()];
    while (this.#takeWord("and")) parts.push(this.#single());
    return one(parts) ?? { and: parts };
  }

  #single(): Criterion {
    if (this.#depth > MOST_DEEP) throw this.#wrong(")");
    this.#depth += 1;
    try {
      if (this.#takeWord("not")) return { not: this.#single() };
      if (this.#takeSign("(")) {
        const inner = this.#any();
        this.#needSign(")");
        return inner;
      }
      if (this.#takeWord("all")) return { and: [] };
      if (this.#takeWord("none")) return { or: [] };
      return this.#term();
    } finally {
      this.#depth -= 1;
    }
  }

  #term(): Criterion {
    const name = this.#next;
    if (name.kind !== "word") throw this.#wrong("field not (");
    const reads = Object.hasOwn(AREAS, name.text) ? AREAS[name.text as keyof typeof AREAS] : undefined; // it is one of them
    if (reads !== undefined && this.#text[this.#at] === "(") return this.#area(name, reads);
    this.#next = this.#lex();
    const meta = metaFacts.find((fact) => fact === name.text);
    if (meta !== undefined) return this.#meta(meta);
    const key = this.#aliases.get(name.text) ?? name.text;
    const field = Object.hasOwn(this.#catalogue.fields, key) ? this.#catalogue.fields[key] : undefined;
    if (field === undefined || field.virtual)
      throw new Misread({ at: name.at, code: "unknown_field", wanted: name.text });
    return this.#comparison(key, field);
  }

  #comparison(key: string, field: Field): Criterion {
    if (this.#takeSign("=")) return this.#equal(key, field);
    if (this.#takeSign("!=")) return { not: this.#equal(key, field) };
    if (this.#takeSign("~")) {
      const at = this.#next.at;
      const value = this.#value();
      if (!prefixKinds.has(field.kind) || value === "")
        throw new Misread({ at, code: "bad_value", wanted: field.kind });
      return { field: key, startsWith: value.normalize("NFC") };
    }
    for (const sign of ["<=", ">=", "<", ">"])
      if (this.#takeSign(sign)) return { field: key, compares: SIGNS[sign] ?? "lt", with: this.#bound(field) };
    if (this.#takeWord("is")) {
      const isNot = this.#takeWord("not");
      if (!this.#takeWord("empty")) throw this.#wrong("empty");
      const empty: Criterion = { field: key, is: null };
      return isNot ? { not: empty } : empty;
    }
    if (this.#takeWord("in")) return this.#within(key, field);
    if (field.kind === "bool") return { field: key, is: true };
    throw this.#wrong("= != < <= > >= ~ in is");
  }

  /** `in (8000..8299, 9000)` or `in 8000..8299`. */
  #within(key: string, field: Field): Criterion {
    if (!this.#takeSign("(")) return this.#range(key, field);
    const parts = [this.#range(key, field)];
    while (this.#takeSign(",")) parts.push(this.#range(key, field));
    this.#needSign(")");
    return one(parts) ?? { or: parts };
  }

  #range(key: string, field: Field): Criterion {
    const at = this.#next.at;
    const low = this.#value();
    if (!this.#takeSign("..")) return this.#is(key, field, low, at);
    const from = this.#boundOf(field, low, at);
    return {
      and: [
        { field: key, compares: "gte", with: from },
        { field: key, compares: "lte", with: this.#bound(field) },
      ],
    };
  }

  #equal(key: string, field: Field): Criterion {
    const { at } = this.#next;
    return this.#is(key, field, this.#value(), at);
  }

  #is(key: string, field: Field, text: string, at: number): Criterion {
    const operand = readOperand(field, text);
    if (operand === undefined) throw new Misread({ at, code: "bad_value", wanted: field.kind });
    return { field: key, is: operand };
  }

  #bound(field: Field): string | number | RelativeDay {
    const { at } = this.#next;
    return this.#boundOf(field, this.#value(), at);
  }

  #boundOf(field: Field, text: string, at: number): string | number | RelativeDay {
    const relative = field.kind === "date" ? readRelativeDay(text) : undefined;
    if (relative !== undefined) return relative;
    const operand = comparableKinds.has(field.kind) ? readOperand(field, text) : undefined;
    if (typeof operand !== "string" && typeof operand !== "number")
      throw new Misread({ at, code: "bad_value", wanted: field.kind });
    return operand;
  }

  #meta(meta: MetaFact): Criterion {
    this.#needSign(">");
    const { at } = this.#next;
    const after = this.#value();
    if (!isInstant(after)) throw new Misread({ at, code: "bad_value", wanted: "instant" });
    return { meta, after };
  }

  #area(name: Token, reads: (typeof AREAS)[keyof typeof AREAS]): Criterion {
    const end = this.#text.indexOf(")", this.#at);
    if (end === -1) throw new Misread({ at: this.#text.length + 1, code: "filter_syntax", wanted: ")" });
    const area = reads(this.#text.slice(this.#at + 1, end).replace(/\s+/g, ""));
    if (area === undefined) throw new Misread({ at: name.at, code: "bad_value", wanted: name.text });
    this.#at = end + 1;
    this.#next = this.#lex();
    return { area };
  }

  #value(): string {
    const { kind, text } = this.#next;
    if (kind !== "word" && kind !== "text") throw this.#wrong('"…"');
    this.#next = this.#lex();
    return text;
  }

  #takeWord(word: string): boolean {
    if (this.#next.kind !== "word" || WORDS[this.#next.text.toLowerCase()] !== word) return false;
    this.#next = this.#lex();
    return true;
  }

  #takeSign(sign: string): boolean {
    if (this.#next.kind !== "sign" || this.#next.text !== sign) return false;
    this.#next = this.#lex();
    return true;
  }

  #needSign(sign: string): void {
    if (!this.#takeSign(sign)) throw this.#wrong(sign);
  }

  #wrong(wanted: string): Misread {
    return new Misread({ at: this.#next.at, code: "filter_syntax", wanted });
  }

  #lex(): Token {
    while (/^\s/u.test(this.#text.slice(this.#at, this.#at + 1))) this.#at += 1;
    const at = this.#at + 1;
    const rest = this.#text.slice(this.#at);
    if (rest === "") return { kind: "end", text: "", at };
    const [sign] = SIGN.exec(rest) ?? [];
    const [quoted, inner] = sign === undefined ? (QUOTED.exec(rest) ?? []) : [];
    const [word] = sign === undefined && quoted === undefined ? (WORD.exec(rest) ?? []) : [];
    const found = sign ?? quoted ?? word;
    if (found === undefined)
      throw new Misread({ at, code: "filter_syntax", wanted: rest.startsWith('"') ? '"' : "field" });
    this.#at += found.length;
    if (sign !== undefined) return { kind: "sign", text: sign, at };
    if (inner !== undefined) return { kind: "text", text: inner.replace(/\\(["\\])/g, "$1"), at };
    return { kind: "word", text: found, at };
  }
}

const one = (parts: readonly Criterion[]): Criterion | undefined => (parts.length === 1 ? parts[0] : undefined);

/** `today`, `today-90d`, `today+1m`, `idag-1y`; undefined: it is none. */
export function readRelativeDay(text: string): RelativeDay | undefined {
  const [whole, sign, count, unit] = /^(?:today|idag)(?:([+-])(\d{1,4})([dmy]))?$/i.exec(text) ?? [];
  if (whole === undefined) return undefined;
  if (count === undefined) return { today: 0, unit: "d" };
  return { today: (sign === "-" ? -1 : 1) * Number(count) || 0, unit: unit?.toLowerCase() as RelativeDay["unit"] };
}
