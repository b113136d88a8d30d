import { expect, test } from "vitest";
import {
  asksForEncryption,
  errorResponse,
  failingQuery,
  MessageCutter,
  readBind,
  readParse,
  readQuery,
} from "../../faults/postgres-wire.ts";

const startup = Buffer.from("0000001600030000757365720061646100000000".padEnd(44, "0"), "hex");
const sslRequest = Buffer.from("0000000804d2162f", "hex");
const query = Buffer.from("510000000d73656c656374203100", "hex");
// Parse of "s1" as "select $1", no types; then a Bind of the unnamed portal to it, no parameters; then Sync
const parse = Buffer.from("50000000137331007365 6c6563742024310000 00".replaceAll(" ", ""), "hex");
const bind = Buffer.from("420000000e0073310000000000 0000".replaceAll(" ", ""), "hex");
const sync = Buffer.from("5300000004", "hex");

test("messages are cut whole from a stream that comes byte by byte, the first of them without a letter", () => {
  const cutter = new MessageCutter(1);
  const found: string[] = [];
  for (const byte of Buffer.concat([startup, query, sync])) {
    cutter.add(Buffer.from([byte]));
    const message = cutter.next();
    if (message !== undefined) found.push(`${message.type || "first"} ${message.bytes.length}`);
  }
  expect(found).toEqual([`first ${startup.length}`, `Q ${query.length}`, `S ${sync.length}`]);
  expect(cutter.next()).toBeUndefined();
});

test("several messages in one piece are cut apart, and a piece of the next is kept until the rest has come", () => {
  const cutter = new MessageCutter(0);
  cutter.add(Buffer.concat([parse, bind, sync, query.subarray(0, 7)]));
  const taken = [cutter.next(), cutter.next(), cutter.next()].map((each) => each?.bytes);
  expect(taken).toEqual([parse, bind, sync]);
  expect(cutter.next()).toBeUndefined();
  cutter.add(query.subarray(7));
  expect(cutter.next()?.bytes).toEqual(query);
});

test("a request for encryption is told from the message that opens a connection", () => {
  expect(asksForEncryption({ type: "", bytes: sslRequest })).toBe(true);
  expect(asksForEncryption({ type: "", bytes: startup })).toBe(false);
});

test("the name and the text of a statement are read from its bytes", () => {
  expect(readParse({ type: "P", bytes: parse })).toEqual({ name: "s1", text: "select $1" });
  expect(readBind({ type: "B", bytes: bind })).toBe("s1");
  expect(readQuery({ type: "Q", bytes: query })).toBe("select 1");
});

test("an error is worded as the server words it", () => {
  expect(errorResponse("FATAL", "57P01", "bye").toString("latin1")).toBe("E\0\0\0\x1fSFATAL\0VFATAL\0C57P01\0Mbye\0\0");
  expect(readQuery({ type: "Q", bytes: failingQuery("53100", "disk full") })).toContain("errcode = '53100'");
});
