import { randomUUID } from "node:crypto";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { HandOver } from "../../config/resolved.ts";
import { ConnectionError, RetryableError } from "../../lib/errors.ts";
import { type HttpClient, httpClient } from "../../lib/http.ts";
import { type SignedHeaders, signedHeaders } from "../../lib/standard-webhooks.ts";
import { kundeemneCatalogue, type Values } from "../../model/catalogue.ts";
import { accountOf } from "../../model/conversions.ts";
import { nest } from "../../model/nesting.ts";
import { readNow } from "../../store/clock.ts";
import type { OwedDocument } from "../../store/documents.ts";
import { loadEntities } from "../../store/entities.ts";
import type { Deps } from "../deps.ts";

/** Where hand-overs of one kind go. */
interface Receiver {
  /** Takes a signed message, any number of times; gives what it answers, as text. */
  take(name: string, body: string, headers: SignedHeaders): Promise<string>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 15_000;

/**
 * Hands documents over to whoever makes them where the ledger does not (S84–S87): signed, by a webhook or as a file. Each is
 * told by the same id at every try, so a receiver that was told twice makes one. `made` is told the number that the
 * receiver answers, our mark where it answers none.
 */
export async function handOver(
  deps: Deps,
  to: HandOver,
  leases: readonly OwedDocument[],
  made: (lease: OwedDocument, externalId: string) => void,
  failed: (lease: OwedDocument, error: unknown) => void,
): Promise<void> {
  const { sql } = deps.db;
  const records = await loadEntities(
    sql,
    "kundeemne",
    leases.map((lease) => lease.entityId),
  );
  const at = new Date(await readNow(sql));
  const receiver = to.url === undefined ? folder(to.folder) : webhook(to.url);
  const each = async (lease: OwedDocument): Promise<void> => {
    const mark = lease.marker ?? `KOB-${lease.id}`;
    try {
      const body = JSON.stringify(messageOf(deps, lease, mark, records.get(lease.entityId)?.values ?? {}, at));
      const answer = await receiver.take(mark, body, signedHeaders(to.secret, mark, at, body));
      made(lease, numberIn(answer) ?? mark);
    } catch (error) {
      failed(lease, error);
    }
  };
  try {
    await Promise.all(leases.map(each));
  } finally {
    await receiver.close();
  }
}

/** Of the record it tells what the ledger's account is told too. */
function messageOf(deps: Deps, lease: OwedDocument, mark: string, values: Values, at: Date) {
  const { connection, target, entityId, reference, account, data } = lease;
  const object = accountOf(target);
  const units = deps.mappingOf(connection, object)?.units.filter((unit) => unit.direction !== "in") ?? [];
  const told = new Set(units.map(({ unit }) => unit));
  const filled = Object.entries(values).filter(
    ([key, value]) => value !== null && told.has(kundeemneCatalogue.unitOf.get(key)?.name ?? ""),
  );
  return {
    type: `conversion.${target}`,
    timestamp: at.toISOString(),
    data: {
      ...{ mark, reference, connection, kundeemneId: entityId },
      account: { object, externalId: account },
      kundeemne: nest(Object.fromEntries(filled)),
      document: data,
    },
  };
}

/** A receiver may answer with the document's number: `{"externalId": "…"}`. */
function numberIn(answer: string): string | undefined {
  try {
    const read: unknown = JSON.parse(answer);
    if (typeof read !== "object" || read === null || !("externalId" in read)) return undefined;
    return typeof read.externalId === "string" && read.externalId !== "" ? read.externalId : undefined;
  } catch {
    return undefined; // it answers what it likes: taken is taken
  }
}

function webhook(url: string): Receiver {
  const { origin, pathname, search } = new URL(url);
  const http: HttpClient = httpClient({ baseUrl: origin, timeoutMs: TIMEOUT_MS, maxBytes: 64 * 1024 });
  return {
    async take(_name, body, headers) {
      const answer = await http.request({
        ...{ method: "POST", template: "POST hand-over", path: pathname + search, body },
        headers: { ...headers, "content-type": "application/json", "user-agent": "Kobling" },
      });
      return answer.text;
    },
    close: () => http.close(),
  };
}

/** The signature stands beside each file, and is there first; a file shows under its name only when it is whole. */
function folder(path: string): Receiver {
  const put = async (name: string, text: string): Promise<void> => {
    const part = join(path, `.${name}.${randomUUID()}.part`);
    const file = await open(part, "wx");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, join(path, name));
  };
  return {
    async take(name, body, headers) {
      try {
        await put(`${name}.json.sig`, JSON.stringify(headers));
        await put(`${name}.json`, body);
        return "";
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "fault";
        if (code === "ENOENT" || code === "EACCES" || code === "EROFS")
          throw new ConnectionError("folder_unusable", `The folder for hand-overs cannot be written: ${code}`);
        throw new RetryableError("unavailable", `A hand-over could not be written: ${code}`);
      }
    },
    close: async () => undefined,
  };
}
