import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ armed: true });
  const rows = [
    {
      firmanavn: "Aarhus Tømrer",
      postnr: "8000",
      branche: { kode: "433200", klassifikation: "DB25" },
      kundetype: "BTB",
      status: "varm",
    },
    {
      firmanavn: "Aarhus Kommune",
      postnr: "8100",
      branche: { kode: "841100", klassifikation: "DB25" },
      kundetype: "BTG",
      maalgrupper: ["offentlig"],
    },
    {
      firmanavn: "Odense Tømrer",
      postnr: "5000",
      branche: { kode: "433200", klassifikation: "DB25" },
      kundetype: "BTB",
      antalMedarbejdere: { fra: 10, til: 19 },
    },
    { firmanavn: "Jens Holm", postnr: "8210", kundetype: "BTC" },
  ];
  for (const body of rows) expect((await shop.api("POST", "/v1/kundeemner", { body })).status).toBe(201);
});
afterAll(() => shop?.close());

const names = async (filter: string): Promise<string[]> => {
  const { status, body } = await shop.api("GET", `/v1/kundeemner?sort=firmanavn&filter=${encodeURIComponent(filter)}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body.items.map(({ firmanavn }: { firmanavn: string }) => firmanavn);
};
const check = (body: Record<string, unknown>) => shop.api("POST", "/v1/criteria/check", { body });

test("S38 branche by its beginning, målgruppe, kundetype, employees and status filter, alone and together", async () => {
  expect(await names('branche.kode ~ "43"')).toEqual(
    ["Aarhus Tømrer", "Odense Tømrer"].toSorted((a, b) => a.localeCompare(b, "da")),
  );
  expect(await names("maalgrupper = offentlig")).toEqual(["Aarhus Kommune"]);
  expect(await names("kundetype in (BTC, BTG)")).toEqual(["Jens Holm", "Aarhus Kommune"]);
  expect(await names("antalMedarbejdere.fra >= 10 and antalMedarbejdere.til < 50")).toEqual(["Odense Tømrer"]);
  expect(await names('status = varm and branche.kode ~ "43" and not kundetype = BTC')).toEqual(["Aarhus Tømrer"]);
});

test("S58 intervals of postal codes, of several and single ones", async () => {
  expect(await names("postnr in (8000..8199, 5000)")).toEqual(["Odense Tømrer", "Aarhus Kommune", "Aarhus Tømrer"]);
});

test("S39 a list, a count and a sample of one criterion agree, and it is said in words", async () => {
  const filter = 'postnr in 8000..8299 og ikke branche.kode ~ "84"';
  const found = await names(filter);
  const { status, body } = await check({ filter, sample: 50 });
  expect(status).toBe(200);
  expect(body.count).toBe(found.length);
  expect(body.sample.map(({ firmanavn }: { firmanavn: string }) => firmanavn).toSorted()).toEqual(found.toSorted());
  expect(body.words.en).toBe(
    "(Postal code is at least 8000 and Postal code is at most 8299) and not Industry code begins with “84”",
  );
  // The tree that is given back is the same question.
  expect((await check({ criterion: body.criterion, sample: 0 })).body).toMatchObject({
    count: found.length,
    filter: body.filter,
    sample: [],
  });
  expect(await names(body.filter)).toEqual(found);
});

test("S41 leads are those that are neither debitor nor kreditor; the archived are left out of list and count", async () => {
  expect((await check({ filter: "not findesDeb and not findesKred" })).body.count).toBe(4);
  const { body } = await shop.api("GET", `/v1/kundeemner?filter=${encodeURIComponent('firmanavn = "Jens Holm"')}`);
  const [{ meta }] = body.items;
  expect((await shop.api("POST", `/v1/kundeemner/${meta.id}/archive`, { body: { reason: "moved" } })).status).toBe(200);
  expect((await check({ filter: "" })).body.count).toBe(3);
  expect(await names("kundetype = BTC")).toEqual([]);
  expect((await shop.api("POST", `/v1/kundeemner/${meta.id}/unarchive`, { body: { reason: "back" } })).status).toBe(
    200,
  );
});

test("S58 what cannot be read is told with its place and what could stand there, in the caller's language", async () => {
  const danish = { headers: { "accept-language": "da" } };
  const wrong = await shop.api("GET", `/v1/kundeemner?filter=${encodeURIComponent("postnr 8000")}`, danish);
  expect(wrong).toMatchObject({
    status: 400,
    body: {
      errors: [{ pointer: "/filter", code: "filter_syntax", detail: "Ved tegn 8 ventes = != < <= > >= ~ in is." }],
    },
  });
  expect(await check({ filter: "navn = x" })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/filter", code: "unknown_field" }] },
  });
  expect(await check({ filter: "vaerdi > mange" })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/filter", code: "bad_value" }] },
  });
  expect(await check({ criterion: { or: [{ field: "findes", is: 1 }] } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/criterion/or/0/field", code: "unknown_field" }] },
  });
  expect(await check({ criterion: { any: 1 } })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: "/criterion" }] },
  });
});

test("S40 a branche is judged by the list of its classification, and found by section, division, group and class", async () => {
  const post = (branche: Record<string, unknown>) =>
    shop.api("POST", "/v1/kundeemner", { body: { firmanavn: `Branche ${JSON.stringify(branche)}`, branche } });
  const made = async (branche: Record<string, unknown>) => (await post(branche)).body.branche;
  // 62.01 is a class of DB07 alone; 73.30 of DB25 alone; 56.30 of both.
  expect(await made({ kode: "620100", klassifikation: "DB07" })).toMatchObject({ klassifikation: "DB07" });
  expect(await post({ kode: "620100", klassifikation: "DB25" })).toMatchObject({
    status: 422,
    body: { errors: [{ code: "industry_unknown", pointer: "/branche/kode" }] },
  });
  expect(await made({ kode: "73.30.00" })).toMatchObject({ kode: "733000", klassifikation: "DB25" });
  expect(await made({ kode: "563000" })).toMatchObject({ klassifikation: "unknown" });
  expect(await post({ kode: "11100" })).toMatchObject({ status: 422, body: { errors: [{ code: "industry_shape" }] } });
  expect(await made({ kode: "999998", klassifikation: "unknown" })).toMatchObject({ kode: "999998" });
  const kinds = async (prefix: string) =>
    (await shop.api("GET", `/v1/kundeemner?filter=${encodeURIComponent(`branche.kode ~ "${prefix}"`)}`)).body.items
      .map((each: { branche: { kode: string } }) => each.branche.kode)
      .toSorted();
  // IT stands in section J of DB07; the same division is in section K of DB25.
  expect(await kinds("J")).toEqual(["620100"]);
  expect(await kinds("K")).toEqual([]);
  expect(await kinds("f")).toEqual(["433200", "433200"]);
  expect(await kinds("73")).toEqual(["733000"]);
  expect(await kinds("73.3")).toEqual(["733000"]);
  expect(await kinds("56.30")).toEqual(["563000"]);
});
