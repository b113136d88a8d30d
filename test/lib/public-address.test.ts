import { expect, test } from "vitest";
import { isPublicAddress } from "../../src/lib/public-address.ts";

test.each(["8.8.8.8", "193.163.102.58", "2a00:1450:400f:80c::200e", "::ffff:8.8.8.8"])(
  "%s is on the internet",
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  "127.0.0.1",
  "10.1.2.3",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "::1",
  "::",
  "fe80::1",
  "fd00::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "example.com",
  "",
])("%s is not", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});
