import type { VirtualClock } from "../clock.ts";
import type { RemoteName, Scene } from "../steps.ts";
import { CalledRemote } from "./called.ts";
import { CVR, columns, cvrNumber, FLAG, KEYS } from "./columns.ts";
import type { Cell, Order } from "./log.ts";
import { PullingRemote } from "./pulling.ts";
import { RemoteTable } from "./table.ts";

export const REMOTES: readonly RemoteName[] = ["crm", "a", "b", "dir", "erp"];
export const CALLED = ["crm", "a", "b", "dir"] as const;
export type CalledName = (typeof CALLED)[number];
/** A request that we gave up on may still be carried out this long. */
export const QUIET_MS = 30_000;
export const SHOWS_AFTER_MS = 5_000;

export interface Remotes {
  readonly called: Readonly<Record<CalledName, CalledRemote>>;
  readonly erp: PullingRemote;
  table(name: RemoteName): RemoteTable;
}

/** How ledger b spells: in capitals, telephone numbers in pairs. */
export function renderAsB(column: string, value: Cell): Cell {
  if (typeof value !== "string" || column === CVR) return value;
  if (column === columns.b.telefon?.column) return value.replace(/\D/g, "").replace(/(\d\d)(?=\d)/g, "$1 ");
  return value.toUpperCase();
}

const asTold = (_: string, value: Cell): Cell => value;

/** The systems of a history, with what stands in them at the start. */
export function openRemotes(scene: Scene, clock: VirtualClock, order: Order): Remotes {
  const table = (name: RemoteName, render: (column: string, value: Cell) => Cell): RemoteTable => {
    const own = KEYS.flatMap((key) => columns[name][key]?.column ?? []);
    const ignored =
      name === "b" && scene.ignores !== undefined ? columns.b[scene.ignores as "attention"]?.column : undefined;
    const made = new RemoteTable(
      {
        name,
        columns: [...own, CVR, ...(name === "crm" ? [FLAG] : [])],
        render,
        ignores: new Set(ignored === undefined ? [] : [ignored]),
      },
      clock,
      order,
    );
    return made;
  };
  const tables = {
    crm: table("crm", asTold),
    a: table("a", asTold),
    b: table("b", renderAsB),
    dir: table("dir", asTold),
    erp: table("erp", asTold),
  };
  const options = {
    statesTimes: false,
    idempotencyKey: false,
    bareAnswers: false,
    showsAfterMs: 0,
    quietMs: QUIET_MS,
    pageSize: scene.pageSize,
  };
  const remotes: Remotes = {
    called: {
      crm: new CalledRemote(
        tables.crm,
        { ...options, lock: "etag", statesTimes: true, idempotencyKey: true },
        clock,
        order,
      ),
      a: new CalledRemote(tables.a, { ...options, lock: "version", showsAfterMs: SHOWS_AFTER_MS }, clock, order),
      b: new CalledRemote(tables.b, { ...options, lock: "none", bareAnswers: scene.bareAnswers }, clock, order),
      dir: new CalledRemote(tables.dir, { ...options, lock: "none" }, clock, order),
    },
    erp: new PullingRemote(tables.erp, clock, order),
    table: (name) => tables[name],
  };
  for (const name of REMOTES) {
    for (let company = 0; company < scene.companies; company += 1) {
      const stands = scene.stands[name][company] ?? "none";
      if (stands !== "none") tables[name].insert(startingCells(name, company, stands === "other"), "person");
    }
  }
  return remotes;
}

/** What a company shows at the start; `other`: values of this remote's own. */
function startingCells(name: RemoteName, company: number, other: boolean): Record<string, Cell> {
  const cells: Record<string, Cell> = { [CVR]: cvrNumber(company) };
  for (const key of KEYS) {
    const column = columns[name][key]?.column;
    if (column === undefined || key === "soegenavn") continue;
    const own = other && key !== "firmanavn" && key !== "leadkildeDetalje";
    if (key === "telefon") cells[column] = String(30_000_000 + company * 10 + (own ? REMOTES.indexOf(name) + 1 : 0));
    else if (key === "firmanavn") cells[column] = `Firma s${company}x Handel`;
    else cells[column] = own ? `${key} s${company}${name}x` : `${key} s${company}x`;
  }
  if (name === "crm") cells[FLAG] = true;
  return cells;
}
