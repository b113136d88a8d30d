/** The shape of a value in words, for faults and logs: never the value itself. */
export function shapeOf(value: unknown): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return `text of ${value.length} characters`;
    case "number":
      return Number.isInteger(value) ? "a whole number" : "a number";
    case "boolean":
      return "true or false";
    case "undefined":
      return "nothing";
    case "object":
      return Array.isArray(value) ? `a list of ${value.length}` : `an object of ${Object.keys(value).length} fields`;
    default:
      return `a ${typeof value}`;
  }
}
