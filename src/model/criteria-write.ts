import type { Comparison, Criterion, RelativeDay } from "./criteria.ts";

const COMPARED: Readonly<Record<Comparison, string>> = { lt: "<", lte: "<=", gt: ">", gte: ">=" };

/** A criterion as text that `readCriterion` reads as the same tree. */
export function writeCriterion(criterion: Criterion): string {
  if ("and" in criterion) return criterion.and.length === 0 ? "all" : criterion.and.map(nested).join(" and ");
  if ("or" in criterion) return criterion.or.length === 0 ? "none" : criterion.or.map(nested).join(" or ");
  if ("not" in criterion) return `not ${nested(criterion.not)}`;
  if ("area" in criterion) return writeArea(criterion.area);
  if ("meta" in criterion) return `${criterion.meta} > ${criterion.after}`;
  if ("startsWith" in criterion) return `${criterion.field} ~ ${quote(criterion.startsWith)}`;
  if ("compares" in criterion)
    return `${criterion.field} ${COMPARED[criterion.compares]} ${writeBound(criterion.with)}`;
  if (criterion.is === null) return `${criterion.field} is empty`;
  return `${criterion.field} = ${typeof criterion.is === "string" ? quote(criterion.is) : criterion.is}`;
}

function nested(part: Criterion): string {
  const text = writeCriterion(part);
  const isOpen = ("and" in part && part.and.length > 0) || ("or" in part && part.or.length > 0);
  return isOpen ? `(${text})` : text;
}

function writeBound(bound: string | number | RelativeDay): string {
  if (typeof bound === "number") return String(bound);
  if (typeof bound === "string") return quote(bound);
  return bound.today === 0 ? "today" : `today${bound.today > 0 ? "+" : "-"}${Math.abs(bound.today)}${bound.unit}`;
}

function writeArea(area: Extract<Criterion, { area: unknown }>["area"]): string {
  switch (area.shape) {
    case "box":
      return `bbox(${area.west},${area.south},${area.east},${area.north})`;
    case "circle":
      return `near(${area.lat},${area.lng},${area.metres})`;
    case "polygon":
      return `polygon(${area.ring.map(([lng, lat]) => `${lng},${lat}`).join(";")})`;
  }
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
