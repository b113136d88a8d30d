/**
 * The oracle's own idea of when two values of KeyBalance mean the same. Written apart from the gateway's on purpose: two
 * programs that share a mistake agree about it.
 */
export type FormName = "text" | "phone" | "email" | "registration" | "currency" | "list" | "url" | "number";

/** The form in which values are compared; the empty text is no value. */
export function normalForm(form: FormName, value: string): string {
  const text = value.normalize("NFC").replace(/\s+/g, " ").trim();
  switch (form) {
    case "phone": {
      const digits = text.replace(/\D/g, "");
      return digits.length === 10 && digits.startsWith("45") ? digits.slice(2) : digits;
    }
    case "email":
      return text.toLowerCase();
    case "registration":
      return text
        .replace(/[\s.-]/g, "")
        .toUpperCase()
        .replace(/^DK/, "");
    case "currency":
      return text === "" ? "DKK" : text.toUpperCase();
    case "list":
      return text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "")
        .sort()
        .join(",");
    case "url":
      return text.replace(/^[a-z]+:\/\/[^/]*/i, (host) => host.toLowerCase()).replace(/(?<=[^/])\/$/, "");
    case "number":
      return text === "" ? "" : String(Number(text.replace(/\s/g, "")));
    case "text":
      return text;
  }
}

/** The same but for case, space and punctuation: another spelling, which no system should be made to change. */
export const spellingForm = (value: string): string =>
  value
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
