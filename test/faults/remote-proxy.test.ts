import { createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RemoteProxy, startRemoteProxy } from "../../faults/remote-proxy.ts";
import { openRaw, sendRaw } from "../support/raw-http.ts";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";
const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const PUT = "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";

let remote: Server;
let seen: string[];
let open: Set<Socket>;
let proxy: RemoteProxy;
let portOfProxy: number;
let draws: number[];

beforeEach(async () => {
  seen = [];
  draws = [];
  open = new Set();
  remote = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      seen.push(chunk.toString("latin1").slice(0, 3));
      socket.write(ANSWER);
    });
  });
  await new Promise<void>((resolve) => remote.listen(0, "127.0.0.1", resolve));
  const address = remote.address();
  if (address === null || typeof address === "string") throw new Error("No port");
  proxy = await startRemoteProxy(address.port, () => draws.shift() ?? 0.99);
  portOfProxy = Number(new URL(proxy.origin).port);
});

afterEach(async () => {
  await proxy.close();
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => remote.close(resolve));
});

test("what meets no trouble passes byte for byte", async () => {
  const answer = await sendRaw(portOfProxy, GET);
  expect(answer).toMatchObject({ status: 200, body: "0123456789", ended: "complete" });
  expect(seen).toEqual(["GET"]);
});

test("a reset comes before the remote has seen anything, or after it has done its work", async () => {
  proxy.trouble({ reset: 0.1, torn: 0, hole: 0 });
  draws = [0.05, 0.2];
  expect((await sendRaw(portOfProxy, PUT)).ended).toBe("reset");
  expect(seen).toEqual([]);
  draws = [0.05, 0.8];
  expect((await sendRaw(portOfProxy, PUT)).ended).toBe("reset");
  expect(seen).toEqual(["PUT"]);
  expect(proxy.struck()).toEqual({ reset: 2, torn: 0, hole: 0 });
});

test("a torn body ends in its middle", async () => {
  proxy.trouble({ reset: 0, torn: 0.1, hole: 0 });
  draws = [0.05];
  const answer = await sendRaw(portOfProxy, GET);
  expect(answer.ended).not.toBe("complete");
  expect(answer.body.length).toBeLessThan(10);
  expect(proxy.struck().torn).toBe(1);
});

test("a hole swallows the request, or only the answer to it, and stays open until the caller gives up", async () => {
  proxy.trouble({ reset: 0, torn: 0, hole: 0.1 });
  draws = [0.05, 0.2];
  const swallowed = openRaw(portOfProxy, PUT);
  draws.push(0.05, 0.8);
  await expect.poll(() => proxy.struck().hole).toBe(1);
  const unanswered = openRaw(portOfProxy, PUT);
  await expect.poll(() => seen).toEqual(["PUT"]);
  expect([swallowed.socket.readyState, unanswered.socket.readyState]).toEqual(["open", "open"]);
  swallowed.socket.destroy();
  unanswered.socket.destroy();
  await expect.poll(() => open.size).toBe(0);
});

test("a remote that is gone refuses, resets who was connected, and comes back at the same address", async () => {
  const connected = openRaw(portOfProxy, "");
  await expect.poll(() => open.size).toBe(1);
  await proxy.gone();
  expect((await connected.answer).ended).toBe("reset");
  expect((await sendRaw(portOfProxy, GET)).ended).toBe("reset");
  await proxy.back();
  expect((await sendRaw(portOfProxy, GET)).status).toBe(200);
});

test("held writes have not reached the remote; let go they do, and when the caller is dead they never do", async () => {
  const hold = proxy.holdWrites();
  expect((await sendRaw(portOfProxy, GET)).status).toBe(200);
  const first = openRaw(portOfProxy, PUT);
  await hold.sprung;
  expect(seen).toEqual(["GET"]);
  hold.release();
  expect((await first.answer).status).toBe(200);
  expect(seen).toEqual(["GET", "PUT"]);

  const again = proxy.holdWrites();
  const dead = openRaw(portOfProxy, PUT);
  await again.sprung;
  dead.socket.destroy();
  await expect.poll(() => open.size).toBe(0);
  again.release();
  expect((await sendRaw(portOfProxy, GET)).status).toBe(200);
  expect(seen).toEqual(["GET", "PUT", "GET"]);
});
