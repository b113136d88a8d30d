import { afterAll, beforeAll, expect, test } from "vitest";
import { startKeyBalance } from "../../simulators/keybalance/server.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let id: string;
let other: Awaited<ReturnType<typeof startKeyBalance>>;

const company = {
  ...{ Navn: "Dobbelt Handel A/S", Søgenavn: "DOBBELT", SE_Nr: "12345674", Adr1: "Kajen 1", PostNr: "7600" },
  ...{ ByNavn: "Struer", Land: "DK" },
};

beforeAll(async () => {
  other = await startKeyBalance({ rows: { Kreditorer: [{ ...company, Kontonr: "7001", BetBet: "K60" }] } });
  shop = await openShop({
    debitorer: [{ ...company, Kontonr: "1001", BetBet: "D14" }],
    kreditorer: [{ ...company, Kontonr: "7001", BetBet: "K30" }],
    connections: {
      purchase: {
        connector: "keybalance",
        settings: { baseUrl: other.baseUrl, token: other.token },
        objects: { kreditor: { direction: "both", firstMeeting: "crm", create: "in" } },
      },
    },
  });
  await shop.engine.open("purchase", "kreditor");
  await shop.settle();
  id = (await shop.find("erp", "debitor", "1001")).meta.id;
});

afterAll(async () => {
  await shop?.close();
  await other?.close();
});

test("S8 an emne is debitor and kreditor at once, in two ledgers, and stays one record", async () => {
  expect((await shop.find("erp", "kreditor", "7001")).meta.id).toBe(id);
  const record = (await shop.api("GET", `/v1/kundeemner/${id}`)).body;
  expect(record).toMatchObject({ findesDeb: true, findesKred: true });
  expect(
    record.links
      .map((each: { connection: string; object: string }) => `${each.connection} ${each.object}`)
      .filter((each: string) => !each.startsWith("crm")),
  ).toEqual(expect.arrayContaining(["erp debitor", "erp kreditor", "purchase kreditor"]));
});

test("S7 a shared field changed in the debitor reaches each kreditor through the Kundeemne in one pass, and exactly once", async () => {
  const writes = () => [
    shop.erp.log.writes("Debitorer").length,
    shop.erp.log.writes("Kreditorer").length,
    other.log.writes("Kreditorer").length,
  ];
  const [debs = 0, kreds = 0, others = 0] = writes();
  shop.erp.control.put("Debitorer", "1001", { Telefon: "97 85 00 00" });
  await shop.settle();
  expect(shop.erp.control.row("Kreditorer", "7001")).toMatchObject({ Telefon: "97 85 00 00" });
  expect(other.control.row("Kreditorer", "7001")).toMatchObject({ Telefon: "97 85 00 00" });
  expect(writes()).toEqual([debs, kreds + 1, others + 1]);
  await shop.settle();
  await shop.settle();
  expect(writes()).toEqual([debs, kreds + 1, others + 1]);
});

test("S7 payment terms are not shared: those of the debitor stay with the debitor", async () => {
  shop.erp.control.put("Debitorer", "1001", { BetBet: "D30" });
  await shop.settle();
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.betalingsbetingelser).toBe("D30");
  expect(shop.erp.control.row("Kreditorer", "7001")).toMatchObject({ BetBet: "K30" });
  expect(other.control.row("Kreditorer", "7001")).toMatchObject({ BetBet: "K60" });
  shop.erp.control.put("Kreditorer", "7001", { BetBet: "K90" });
  await shop.settle();
  expect((await shop.api("GET", `/v1/kundeemner/${id}`)).body.betalingsbetingelser).toBe("D30");
  expect(shop.erp.control.row("Debitorer", "1001")).toMatchObject({ BetBet: "D30" });
});
