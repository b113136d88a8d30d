/**
 * Mends the PostgreSQL driver after `npm ci`, until its next version does. As it stands, four things go wrong when a
 * connection is lost in the middle of something, as at every restart of a server (porsager/postgres #1208, #1209, #1154):
 * - a write to a socket that is no longer there ends the process, out of reach of any `catch`;
 * - what was to be written when the connection closed stands in the way of everything it is to write after it was opened again;
 * - a transaction whose connection was lost goes on on the same connection when it is open again, for somebody else:
 *   outside any transaction;
 * - a connection that is lost while it is opened, at its own first question, ends the process by a rejection that nobody
 *   can catch. Whoever wanted the connection is told of the loss in any case.
 * May run again. Fails when the driver is another one than these lines were written for.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const VERSION = "3.4.9";
const MARK = "/* mended by kobling */";

const patches = {
  "connection.js": [
    [
      `    const x = socket.write(chunk, fn)
    nextWriteTimer !== null && clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    return x`,
      `    nextWriteTimer !== null && clearImmediate(nextWriteTimer)
    const bytes = chunk
    chunk = nextWriteTimer = null
    if (socket === null) {
      error(Errors.connection('CONNECTION_CLOSED', options, socket))
      return false
    }
    return socket.write(bytes, fn)`,
    ],
    [
      `    remaining = 0
    incomings = null
    clearImmediate(nextWriteTimer)`,
      `    remaining = 0
    incomings = null
    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null`,
    ],
    [
      `    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))
    closedTime`,
      `    ;(query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))
    query = results = errorResponse = null
    result = new Result()
    closedTime`,
    ],
    [`        return fetchArrayTypes()\n`, `        return fetchArrayTypes().catch(() => undefined)\n`],
  ],
  "index.js": [
    [
      `    let savepoints = 0
      , connection
      , prepare = null`,
      `    let savepoints = 0
      , connection
      , prepare = null
      , lost = null`,
    ],
    [
      `new Promise((_, reject) => connection.onclose = reject)`,
      `new Promise((_, reject) => connection.onclose = e => {
          lost = e
          while (queries.length)
            queries.shift().reject(e)
          reject(e)
        })`,
    ],
    [
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        c.queue === full`,
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        if (lost)
          return q.reject(lost)
        c.queue === full`,
    ],
  ],
};

const folder = new URL("../node_modules/postgres/", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8"));
if (version !== VERSION) throw new Error(`postgres ${version}: see whether scripts/mend-postgres.mjs is still needed`);
for (const [name, changes] of Object.entries(patches)) {
  const file = fileURLToPath(new URL(`src/${name}`, folder));
  const before = readFileSync(file, "utf8");
  let after = before.startsWith(MARK) ? before.slice(MARK.length + 1) : before;
  for (const [from, to] of changes) {
    if (after.includes(to)) continue; // mended before, by an earlier state of this script
    if (after.split(from).length !== 2) throw new Error(`${name} of postgres ${version} is not as it was known`);
    after = after.replace(from, () => to);
  }
  if (before === `${MARK}\n${after}`) continue;
  // Another file in its place, whole at any time: the old one may be shared with other installations by a hard link.
  writeFileSync(`${file}.mended`, `${MARK}\n${after}`);
  renameSync(`${file}.mended`, file);
}
