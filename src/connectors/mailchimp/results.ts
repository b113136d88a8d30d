import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { RejectedError } from "../../lib/errors.ts";
import type { AudienceReceipt } from "../audience.ts";
import { memberSchema, problemSchema, resultListSchema } from "./wire.ts";

const MOST_BYTES = 64 * 1024 * 1024;

export interface OperationResult {
  readonly id: string;
  readonly status: number;
  readonly response: string;
}

/** The results of a batch: a gzipped archive of JSON files. Throws RejectedError `bad_answer`. */
export async function readResults(archive: Uint8Array): Promise<OperationResult[]> {
  try {
    const entries = await unpackTar(gunzipSync(archive, { maxOutputLength: MOST_BYTES }));
    return entries.flatMap(({ data }) => {
      const text = data === undefined ? "" : new TextDecoder().decode(data).trim();
      if (text === "") return []; // a folder
      return resultListSchema
        .parse(JSON.parse(text))
        .map(({ operation_id, status_code, response }) => ({ id: operation_id, status: status_code, response }));
    });
  } catch {
    // The cause may quote a member, so it is not kept.
    throw new RejectedError("bad_answer", "Mailchimp's results of a batch cannot be read");
  }
}

/** Mailchimp's own word for a member whom it must not write to any more. */
const COMPLIANCE = /compliance state/i;
const ENDED: Readonly<Record<string, AudienceReceipt["kind"]>> = { unsubscribed: "withdrawn", cleaned: "unreachable" };

/** What became of a member that was put; undefined: it was taken. */
export function receiptOfMember(key: string, { status, response }: OperationResult): AudienceReceipt | undefined {
  if (status < 300) {
    const member = memberSchema.safeParse(parsed(response));
    const kind = member.success ? ENDED[member.data.status] : undefined;
    if (!member.success || kind === undefined) return undefined;
    const at = instant(member.data.last_changed);
    return { key, outcome: "opted_out", kind, ...(at === undefined ? {} : { at }) };
  }
  const problem = problemSchema.safeParse(parsed(response));
  const title = problem.success ? (problem.data.title ?? "") : "";
  if (COMPLIANCE.test(title)) return { key, outcome: "opted_out" };
  return { key, outcome: "refused", code: codeOf(title, status) };
}

/** A tag that could not be put. */
export function receiptOfTag(key: string, { status, response }: OperationResult): AudienceReceipt | undefined {
  if (status < 300) return undefined;
  const problem = problemSchema.safeParse(parsed(response));
  return { key, outcome: "refused", code: codeOf(problem.success ? (problem.data.title ?? "") : "", status) };
}

/** `Invalid Resource` → `invalid_resource`. Titles are of a closed list; details may quote an address. */
const codeOf = (title: string, status: number): string => {
  const code = title
    .toLowerCase()
    .replace(/[^a-z]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 40);
  return code === "" ? `status_${status}` : code;
};

/** Mailchimp tells whole seconds: it may have been any moment of that one, and of those the last ends most. */
export function instant(text: string | undefined): string | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  return new Date(at % 1000 === 0 ? at + 999 : at).toISOString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON says nothing of a member
  }
}
