import { afterAll, beforeAll, expect, test } from "vitest";
import { decideReview } from "../../src/pipelines/decisions.ts";
import { person } from "../support/engine.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;

beforeAll(async () => {
  // The same KRAK id at two emner of the CRM, one of which a record stands for: which one it is, a person says.
  const emne = { SE_Nr: "", TilladKampagne: "0", MaaOpdateresAuto: "1", KrakId: "K-77" };
  shop = await openShop({
    armed: true,
    debitorer: [{ Kontonr: "1001", Navn: "Vestjysk Træ A/S", Søgenavn: "VEST", SE_Nr: "12345674" }],
    kundeemner: [
      { ...emne, Kontonr: "5001", Navn: "Vestjysk Træ A/S", SE_Nr: "12345674", KrakId: "" },
      { ...emne, Kontonr: "5002", Navn: "Vestjysk Træ, Skjern", SE_Nr: "12345674", KrakId: "" },
    ],
  });
  await shop.engine.open("erp", "debitor");
  await shop.engine.open("crm", "kundeemne");
});

afterAll(() => shop?.close());

const rows = () => shop.crm.control.rows("KundeEmner").length;

test("R25 while a match case is open no second object is made beside it, and once it is decided what is owed goes out", async () => {
  const { items } = (await shop.api("GET", "/v1/reviews?kind=match_case")).body;
  expect(items.length).toBeGreaterThan(0);
  await shop.settle();
  expect(rows()).toBe(2);
  for (const review of items) await decideReview(shop.engine.deps, { id: review.id, decision: "new", by: person });
  await shop.settle();
  const { sql } = shop.engine.deps.db;
  const [open] = await sql.unsafe(
    "select count(*)::int as n from reviews where kind = 'match_case' and state = 'open'",
  );
  expect(open?.n).toBe(0);
  const [unlinked] = await sql.unsafe(
    "select count(*)::int as n from kundeemner k where not exists (select 1 from links l where l.entity_id = k.id and l.connection = 'crm' and l.state = 'linked')",
  );
  expect(unlinked?.n).toBe(0);
});
