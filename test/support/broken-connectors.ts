import type { Client, Page, RemoteObject, WriteAnswer } from "../../src/connectors/connector.ts";
import { ConnectionError, KoblingError, RejectedError, RetryableError, UncertainError } from "../../src/lib/errors.ts";

/** Wraps a good client so that it breaks one promise and keeps all others. By the name of the promise. */
export const broken: Readonly<Record<string, (client: Client, secrets: readonly string[]) => Client>> = {
  "pages end: every page but the last says that there are more": (client) =>
    withPages(client, (page) => ({ ...page, cursor: page.cursor ?? "more" })),

  "a list holds every object once": (client) =>
    withPages(client, (page) => (page.objects.length > 1 ? { ...page, objects: page.objects.slice(1) } : page)),

  "an image is what the remote shows: absent stays absent, empty stays empty": (client) => {
    const filled = (object: RemoteObject) => ({ ...object, image: { ...object.image, Findesikke: "" } });
    return withObjects(
      withPages(client, (page) => ({ ...page, objects: page.objects.map(filled) })),
      filled,
      filled,
    );
  },

  "a created object reads back the same": (client) => ({
    ...client,
    create(object, write) {
      const { SE_Nr: _, ...body } = write.body;
      return client.create(object, { ...write, body });
    },
  }),

  "the answer to a write shows the object as it is stored then": (client) =>
    withObjects(client, undefined, (object) => ({ ...object, image: { ...object.image, Navn: "Som vi sendte det" } })),

  "an update leaves the fields alone that it does not name": (client) => ({
    ...client,
    update: (object, id, write) => client.update(object, id, { ...write, body: { Adr1: "", ...write.body } }),
  }),

  "a field sent empty is emptied": (client) => ({
    ...client,
    update: (object, id, write) =>
      client.update(object, id, {
        ...write,
        body: Object.fromEntries(Object.entries(write.body).filter(([, value]) => value !== "")),
      }),
  }),

  "an object that is not there is told as gone": (client) => ({
    ...client,
    async get(object, id) {
      const answer = await client.get(object, id);
      if ("gone" in answer && answer.replacedBy === undefined) throw new RejectedError("not_found", "Not found");
      return answer;
    },
  }),

  "an object that got another number is told with that number": (client) => ({
    ...client,
    async get(object, id) {
      const answer = await client.get(object, id);
      return "gone" in answer ? { gone: true, times: answer.times } : answer;
    },
  }),

  "deleting deletes, and what is gone already is no fault": (client) => {
    const deleted = new Set<string>();
    return {
      ...client,
      async remove(object, id) {
        if (deleted.has(id)) throw new RejectedError("not_found", "Not found");
        const answer = await client.remove(object, id);
        deleted.add(id);
        return answer;
      },
    };
  },

  "a refused delete is told as in use": (client) =>
    rethrowing(client, (error) =>
      has(error, RejectedError, "in_use") ? new RetryableError("unavailable", "Try again") : error,
    ),

  "429 becomes a retry with the remote's waiting time": (client) =>
    rethrowing(client, (error) =>
      has(error, RetryableError, "rate_limited") ? new RetryableError("rate_limited", "Slow down") : error,
    ),

  "credentials that are not known are the owner's matter": (client) =>
    rethrowing(client, (error) =>
      has(error, ConnectionError, "unauthorized") ? new RejectedError("refused_by_remote", "Refused") : error,
    ),

  "a failing remote: reading is tried again, a write is uncertain": (client) =>
    rethrowing(client, (error) =>
      has(error, UncertainError, "remote_failure") ? new RetryableError("remote_failure", "Failed") : error,
    ),

  "a connection that breaks after a write was sent leaves it uncertain": (client) =>
    rethrowing(client, (error) =>
      has(error, UncertainError, "connection_lost") ? new RetryableError("connection_lost", "Broke") : error,
    ),

  "a write that never left is tried again": (client) =>
    rethrowing(client, (error) =>
      has(error, RetryableError, "unreachable") ? new UncertainError("timeout", "No answer") : error,
    ),

  "a torn answer is never a reading": (client) => ({
    ...client,
    async *list(object, options) {
      try {
        yield* client.list(object, options);
      } catch (error) {
        if (!has(error, RetryableError, "connection_lost")) throw error;
        yield { objects: [], whole: true, times: { beganAt: new Date(), endedAt: new Date() } };
      }
    },
  }),

  "a refused write is this record's matter, and the value stays out of the error": (client) => ({
    ...client,
    async update(object, id, write) {
      try {
        return await client.update(object, id, write);
      } catch (error) {
        if (!has(error, RejectedError, "refused_by_remote")) throw error;
        throw new RejectedError("refused_by_remote", `Refused: ${JSON.stringify(write.body)}`);
      }
    },
  }),

  "a function that is switched off is the owner's matter, and its objects are not gone": (client) => ({
    ...client,
    async get(object, id) {
      try {
        return await client.get(object, id);
      } catch (error) {
        if (!has(error, ConnectionError, "capability_missing")) throw error;
        return { gone: true, times: { beganAt: new Date(), endedAt: new Date() } };
      }
    },
  }),

  "what an account can do is asked of the remote": (client) => ({
    ...client,
    async discover() {
      const all = { read: true, list: true, create: true, update: true, remove: true };
      const { objects, unmapped } = await client.discover();
      return { unmapped, objects: Object.fromEntries(Object.keys(objects).map((name) => [name, all])) };
    },
  }),

  "every call tells when it began and when its answer was there": (client) => ({
    ...client,
    async create(object, write) {
      const answer = await client.create(object, write);
      return { ...answer, times: { ...answer.times, beganAt: new Date(0) } };
    },
  }),

  "no secret stands in any error": (client, secrets) =>
    rethrowing(client, (error) => {
      if (error instanceof Error) error.message += ` (https://erp.example.dk/API2/${secrets[0]})`;
      return error;
    }),
};

function withPages(client: Client, change: (page: Page) => Page): Client {
  return {
    ...client,
    async *list(object, options) {
      for await (const page of client.list(object, options)) yield change(page);
    },
  };
}

type Change = (object: RemoteObject) => RemoteObject;

function withObjects(client: Client, read: Change | undefined, written: Change): Client {
  const answered = (answer: WriteAnswer): WriteAnswer =>
    answer.object === undefined ? answer : { ...answer, object: written(answer.object) };
  return {
    ...client,
    async get(object, id) {
      const answer = await client.get(object, id);
      return "object" in answer && read !== undefined ? { ...answer, object: read(answer.object) } : answer;
    },
    create: async (object, write) => answered(await client.create(object, write)),
    update: async (object, id, write) => answered(await client.update(object, id, write)),
  };
}

/** Every failure of every call passes `change`. */
function rethrowing(client: Client, change: (error: unknown) => unknown): Client {
  const guarded = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      throw change(error);
    }
  };
  return {
    ...client,
    async *list(object, options) {
      try {
        yield* client.list(object, options);
      } catch (error) {
        throw change(error);
      }
    },
    get: (object, id) => guarded(client.get(object, id)),
    create: (object, write) => guarded(client.create(object, write)),
    update: (object, id, write) => guarded(client.update(object, id, write)),
    remove: (object, id) => guarded(client.remove(object, id)),
    discover: () => guarded(client.discover()),
  };
}

const has = <E extends KoblingError>(
  error: unknown,
  kind: new (...made: never[]) => E,
  code: KoblingError["code"],
): error is E => error instanceof kind && error instanceof KoblingError && error.code === code;
