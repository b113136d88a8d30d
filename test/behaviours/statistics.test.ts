import { afterAll, beforeAll, expect, test } from "vitest";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ armed: true });
  const many = Array.from({ length: 6 }, (_, n) => ({
    firmanavn: `Tømrer ${n}`,
    postnr: n < 4 ? "8000" : "8210",
    branche: { kode: n < 5 ? "433200" : "432100", klassifikation: "DB25" },
    kundetype: "BTB",
    maalgrupper: n === 0 ? ["webshop", "haandvaerk"] : ["haandvaerk"],
    status: "varm",
  }));
  const rows = [
    ...many,
    { firmanavn: "Jens Holm", postnr: "5000", kundetype: "BTC" },
    {
      firmanavn: "Malmö Bygg",
      postnr: "21145",
      landekode: "SE",
      kundetype: "BTB",
      branche: { kode: "433200", klassifikation: "DB25" },
    },
    { firmanavn: "Uden adresse" },
    { firmanavn: "Gammel kunde", kundetype: "BTB", postnr: "8000" },
  ];
  for (const body of rows) {
    const made = await shop.api("POST", "/v1/kundeemner", { body });
    expect(made.status).toBe(201);
    if (body.firmanavn === "Gammel kunde") {
      const archived = await shop.api("POST", `/v1/kundeemner/${made.body.meta.id}/archive`, {
        body: { reason: "lukket" },
      });
      expect(archived.status).toBe(200);
    }
    if (body.firmanavn.startsWith("Tømrer") || body.firmanavn === "Jens Holm") {
      await addTilbud(made.body.meta.id, "1000.50");
    }
  }
});
afterAll(() => shop?.close());

async function addTilbud(id: string, kr: string): Promise<void> {
  const body = { nr: "T1", dato: "2026-01-10", beloeb: kr };
  const { status, body: said } = await shop.api("POST", `/v1/kundeemner/${id}/tilbud`, { body });
  expect({ status, said }).toMatchObject({ status: 201 });
}

const statistics = (query: string) => shop.api("GET", `/v1/statistics?${query}`);
const groups = async (query: string): Promise<[string, number][]> => {
  const { status, body } = await statistics(query);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body.groups.map(({ keys, count }: { keys: Record<string, string | null>; count: number }) => [
    Object.values(keys).join(" "),
    count,
  ]);
};

test("S42 Kundeemner are counted by kundetype, status, målgruppe, branche and intervals of postal codes", async () => {
  expect(await groups("by=kundetype")).toEqual([
    ["BTB", 7],
    ["BTC", 1],
    ["", 1],
  ]);
  expect(await groups("by=status")).toEqual([
    ["varm", 6],
    ["", 3],
  ]);
  expect(await groups("by=maalgrupper")).toEqual([
    ["haandvaerk", 6],
    ["", 3],
    ["webshop", 1],
  ]);
  expect(await groups("by=branche")).toEqual([
    ["43", 7],
    ["", 2],
  ]);
  expect(await groups("by=branche&digits=4")).toEqual([
    ["4332", 6],
    ["", 2],
    ["4321", 1],
  ]);
  expect(await groups("by=postnr")).toEqual([
    ["8000..8999", 6],
    ["5000..5999", 1],
    ["other", 1],
    ["", 1],
  ]);
  expect(await groups("by=postnr&width=100")).toEqual([
    ["8000..8099", 4],
    ["8200..8299", 2],
    ["5000..5099", 1],
    ["other", 1],
    ["", 1],
  ]);
  expect(await groups("by=kundetype,postnr&filter=kundetype%20%3D%20BTB")).toEqual([
    ["BTB 8000..8999", 6],
    ["BTB other", 1],
  ]);
});

test("S42 a group of fewer than five tells no sums, since they would be one person's", async () => {
  const { body } = await statistics("by=kundetype&sums=tilbudKr,vaerdi");
  const [large, ...small] = body.groups;
  expect(large).toMatchObject({ keys: { kundetype: "BTB" }, count: 7, sums: { tilbudKr: "6003" } });
  expect(small.map(({ sums }: { sums: unknown }) => sums)).toEqual([null, null]);
});

test("S39 the counts of statistics are the lengths of lists with the same filter", async () => {
  const filter = encodeURIComponent('branche.kode ~ "43" and postnr in 8000..8999');
  const { body } = await statistics(`by=postnr,branche&filter=${filter}`);
  const list = await shop.api("GET", `/v1/kundeemner?limit=100&filter=${filter}`);
  expect(body.count).toBe(list.body.items.length);
  expect(body.groups.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(body.count);
  expect(body.more).toBe(false);
});

test("statistics that are asked wrongly name the parameter", async () => {
  for (const [query, pointer] of [
    ["by=moms", "by"],
    ["by=status,status", "by"],
    ["by=status,kundetype,postnr", "by"],
    ["", "by"],
    ["by=status&width=7", "width"],
    ["by=status&digits=9", "digits"],
    ["by=status&sums=saldo", "sums"],
    ["by=status&filter=postnr%20%3D", "filter"],
  ]) {
    const { status, body } = await statistics(query ?? "");
    expect({ query, status }).toEqual({ query, status: 400 });
    expect(JSON.stringify(body), query).toContain(pointer);
  }
});
