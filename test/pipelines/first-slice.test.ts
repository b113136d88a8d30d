import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startKeyBalance } from "../../simulators/keybalance/server.ts";
import { editEntity } from "../../src/pipelines/edit.ts";
import { type Engine, person, startEngine } from "../support/engine.ts";

let erp: Simulator;
let engine: Engine;

beforeAll(async () => {
  erp = await startKeyBalance({
    rows: {
      Debitorer: [
        {
          Kontonr: "06011535",
          Navn: "Ærø Bådværft K/S",
          Søgenavn: "ÆRØ",
          SE_Nr: "12345674",
          PostNr: "5970",
          ByNavn: "Ærøskøbing",
          Adr1: "Havnen 1",
        },
      ],
    },
  });
  engine = await startEngine({
    connections: {
      erp: {
        connector: "keybalance",
        settings: { baseUrl: erp.baseUrl, token: erp.token },
        objects: { debitor: { direction: "both", firstMeeting: "remote", create: "in" } },
      },
    },
  });
});

afterAll(async () => {
  await engine?.close();
  await erp?.close();
});

test("S36 a name edited on either side is on the other after one pass, and comes back as no change", async () => {
  await engine.open("erp", "debitor");
  const sql = engine.deps.db.sql;
  const [record] = await sql.unsafe("select id, firmanavn, findes_deb, kontonummer from kundeemner");
  expect(record).toMatchObject({ firmanavn: "Ærø Bådværft K/S", findes_deb: true });

  await editEntity(engine.deps, {
    entity: "kundeemne",
    id: record?.id,
    patch: { firmanavn: "Ærø Bådværft A/S" },
    by: person,
  });
  await engine.work();
  expect(erp.control.row("Debitorer", "06011535")).toMatchObject({ Navn: "Ærø Bådværft A/S" });
  const writes = erp.log.writes("Debitorer", "06011535").length;
  expect(writes).toBe(1);

  await engine.settle();
  expect(erp.log.writes("Debitorer", "06011535").length).toBe(writes);

  erp.control.put("Debitorer", "06011535", { Navn: "Ærø Skibsværft A/S" });
  await engine.settle();
  const [after] = await sql.unsafe("select firmanavn from kundeemner");
  expect(after?.firmanavn).toBe("Ærø Skibsværft A/S");
  expect(erp.log.writes("Debitorer", "06011535").length).toBe(writes);
});
