import type { Catalogue } from "./catalogue.ts";
import type { Comparison, Criterion, RelativeDay } from "./criteria.ts";

type Language = "da" | "en";

const words = {
  da: {
    ...{
      and: "og",
      or: "eller",
      all: "alle",
      none: "ingen",
      empty: "er tom",
      filled: "er udfyldt",
      is: "er",
      contains: "omfatter",
    },
    ...{
      yes: "ja",
      no: "nej",
      begins: "begynder med",
      not: "ikke",
      updatedAt: "ændret efter",
      createdAt: "oprettet efter",
    },
    ...{
      circle: "inden for {0} meter af {1}, {2}",
      box: "i udsnittet {0}",
      polygon: "i et område med {0} hjørner",
      today: "i dag",
    },
    compares: { lt: "er under", lte: "er højst", gt: "er over", gte: "er mindst" },
    dates: { lt: "er før", lte: "er senest", gt: "er efter", gte: "er tidligst" },
    before: { d: "{0} dage siden", m: "{0} måneder siden", y: "{0} år siden" },
    after: { d: "om {0} dage", m: "om {0} måneder", y: "om {0} år" },
  },
  en: {
    ...{
      and: "and",
      or: "or",
      all: "all",
      none: "none",
      empty: "is empty",
      filled: "is filled",
      is: "is",
      contains: "contains",
    },
    ...{ yes: "yes", no: "no", begins: "begins with", not: "not", updatedAt: "changed after", createdAt: "made after" },
    ...{
      circle: "within {0} metres of {1}, {2}",
      box: "in the box {0}",
      polygon: "in an area of {0} corners",
      today: "today",
    },
    compares: { lt: "is under", lte: "is at most", gt: "is over", gte: "is at least" },
    dates: { lt: "is before", lte: "is at the latest", gt: "is after", gte: "is at the earliest" },
    before: { d: "{0} days ago", m: "{0} months ago", y: "{0} years ago" },
    after: { d: "in {0} days", m: "in {0} months", y: "in {0} years" },
  },
} as const;

const several = new Set(["codeSet", "textSet", "textList", "pNumbers"]);
const dated = new Set(["date", "instant"]);

/** A criterion as a sentence, for people to see whether it says what they meant. Fields by their labels. */
export function criterionInWords(catalogue: Catalogue<string>, criterion: Criterion, language: Language): string {
  const say = words[language];
  const inner = (part: Criterion): string => {
    const text = tell(part);
    return ("and" in part && part.and.length > 1) || ("or" in part && part.or.length > 1) ? `(${text})` : text;
  };
  const tell = (part: Criterion): string => {
    if ("and" in part) return part.and.length === 0 ? say.all : part.and.map(inner).join(` ${say.and} `);
    if ("or" in part) return part.or.length === 0 ? say.none : part.or.map(inner).join(` ${say.or} `);
    if ("not" in part) {
      if ("field" in part.not && "is" in part.not && part.not.is === null)
        return `${label(part.not.field)} ${say.filled}`;
      return `${say.not} ${inner(part.not)}`;
    }
    if ("area" in part) return area(part.area);
    if ("meta" in part) return `${say[part.meta]} ${part.after}`;
    if ("startsWith" in part) return `${label(part.field)} ${say.begins} “${part.startsWith}”`;
    const kind = catalogue.fields[part.field]?.kind ?? "text";
    if ("compares" in part) {
      const verbs: Readonly<Record<Comparison, string>> = dated.has(kind) ? say.dates : say.compares;
      return `${label(part.field)} ${verbs[part.compares]} ${bound(part.with)}`;
    }
    if (part.is === null) return `${label(part.field)} ${say.empty}`;
    if (typeof part.is === "boolean") return `${label(part.field)}: ${part.is ? say.yes : say.no}`;
    return `${label(part.field)} ${several.has(kind) ? say.contains : say.is} ${typeof part.is === "number" ? part.is : `“${part.is}”`}`;
  };
  const label = (field: string): string => catalogue.fields[field]?.label[language] ?? field;
  const bound = (value: string | number | RelativeDay): string => {
    if (typeof value !== "object") return String(value);
    if (value.today === 0) return say.today;
    return fill((value.today < 0 ? say.before : say.after)[value.unit], [Math.abs(value.today)]);
  };
  const area = (of: Extract<Criterion, { area: unknown }>["area"]): string => {
    if (of.shape === "circle") return fill(say.circle, [of.metres, of.lat, of.lng]);
    if (of.shape === "box") return fill(say.box, [`${of.west}, ${of.south}, ${of.east}, ${of.north}`]);
    return fill(say.polygon, [of.ring.length]);
  };
  return tell(criterion);
}

const fill = (text: string, parts: readonly (string | number)[]): string =>
  text.replace(/\{(\d)\}/g, (_, at: string) => String(parts[Number(at)] ?? ""));
