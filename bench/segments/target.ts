import { createServer } from "node:http";

/** A campaign tool that takes everything, 20 ms after it has read it; `GET /bodies` gives what came until then, one a line, and forgets it. */
const ANSWER_MS = 20;
let bodies: Buffer[] = [];
const server = createServer((incoming, answer) => {
  if (incoming.method === "GET") {
    answer.end(bodies.map((body) => `${body.toString("utf8")}\n`).join(""));
    bodies = [];
    return;
  }
  const parts: Buffer[] = [];
  incoming.on("data", (part: Buffer) => parts.push(part));
  incoming.on("end", () => {
    bodies.push(Buffer.concat(parts));
    setTimeout(() => answer.writeHead(204).end(), ANSWER_MS);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string")
    process.stdout.write(`${JSON.stringify({ origin: `http://127.0.0.1:${address.port}` })}\n`);
});
process.once("SIGTERM", () => process.exit(0));
