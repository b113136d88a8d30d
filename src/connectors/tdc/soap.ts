import { XMLParser } from "fast-xml-parser";

const SERVICE = "http://com.stibo.net/nne/3.1/NNE";
const TYPES = "http://com.stibo.net/nne/3.1/Types/NNE";

export interface Parameter {
  /** Names are leftovers of the vendor's generator (`int_2`) and must be sent literally, in order. */
  readonly name: string;
  readonly type: string;
  readonly value: string | Readonly<Record<string, { readonly type: string; readonly value: string }>>;
}

/** The envelope of a call, SOAP 1.1, RPC style, encoded. */
export function envelopeOf(operation: string, parameters: readonly Parameter[]): string {
  const parts = parameters.map(({ name, type, value }) => {
    const inner =
      typeof value === "string"
        ? escaped(value)
        : Object.entries(value)
            .map(([member, each]) => `<${member} xsi:type="${each.type}">${escaped(each.value)}</${member}>`)
            .join("");
    return `<${name} xsi:type="${type}">${inner}</${name}>`;
  });
  return (
    `<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" ` +
    `xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><env:Body>` +
    `<n:${operation} xmlns:n="${SERVICE}" xmlns:t="${TYPES}" env:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">` +
    `${parts.join("")}</n:${operation}></env:Body></env:Envelope>`
  );
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: true,
});

/** A node of the answer, its references resolved: a text, null where the remote says nil, several, or members by name. */
export type Node = string | null | readonly Node[] | { readonly [member: string]: Node };

type Raw = string | readonly Raw[] | { readonly [name: string]: Raw };
const MOST_DEEP = 8;

/** What the call returned, or the fault's text. Undefined: it is no answer of SOAP. */
export function readEnvelope(xml: string): { readonly result: Node } | { readonly fault: string } | undefined {
  // No answer of SOAP has one, and it may declare entities that grow without end.
  if (xml.includes("<!DOCTYPE")) return undefined;
  let parsed: Raw;
  try {
    parsed = parser.parse(xml, true) as Raw; // what the parser makes of any XML
  } catch {
    return undefined; // its words quote the text that it chokes on
  }
  const body = member(member(parsed, "Envelope"), "Body");
  if (body === undefined || typeof body === "string" || Array.isArray(body)) return undefined;
  const byId = new Map<string, Raw>();
  for (const row of Object.values(body).flat()) {
    const id = member(row, "@id");
    if (typeof id === "string") byId.set(id, row);
  }
  const fault = member(body, "Fault");
  if (fault !== undefined) return { fault: textOf(member(fault, "faultstring")) };
  const response = Object.entries(body).find(([name]) => name.endsWith("Response"))?.[1];
  const result = member(response, "result");
  return result === undefined ? undefined : { result: resolved(result, byId, 0) };
}

const isMembers = (raw: Raw | undefined): raw is { readonly [name: string]: Raw } =>
  typeof raw === "object" && !Array.isArray(raw);
const member = (raw: Raw | undefined, name: string): Raw | undefined => (isMembers(raw) ? raw[name] : undefined);

function textOf(raw: Raw | undefined): string {
  if (typeof raw === "string") return raw;
  const text = member(raw, "#text");
  return typeof text === "string" ? text : "";
}

/** Values stand beside the answer and are named by `href`; their order is not fixed. */
function resolved(raw: Raw, byId: ReadonlyMap<string, Raw>, depth: number): Node {
  if (depth > MOST_DEEP) return null;
  if (typeof raw === "string") return raw;
  if (!isMembers(raw)) return raw.map((each) => resolved(each, byId, depth + 1));
  if (raw["@nil"] === "1" || raw["@nil"] === "true") return null;
  const href = raw["@href"];
  if (typeof href === "string") {
    const there = byId.get(href.replace(/^#/, ""));
    return there === undefined ? null : resolved(there, byId, depth + 1);
  }
  const members = Object.entries(raw).filter(([name]) => !name.startsWith("@") && name !== "#text");
  if (members.length === 0) return textOf(raw);
  return Object.fromEntries(members.map(([name, value]) => [name, resolved(value, byId, depth + 1)]));
}
