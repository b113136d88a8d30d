import { parseArgs } from "node:util";
import { generateRows } from "./rows.ts";
import { type KeyBalanceOptions, startKeyBalance } from "./server.ts";

const { values: given } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    db: { type: "string", default: "firma" },
    token: { type: "string" },
    user: { type: "string" },
    password: { type: "string", default: "" },
    "token-seconds": { type: "string", default: "600" },
    functions: { type: "string" },
    numbers: { type: "string", default: "erp" },
    renumbered: { type: "string", default: "gone" },
    seed: { type: "string", default: "1" },
    debitorer: { type: "string", default: "0" },
    kreditorer: { type: "string", default: "0" },
    kundeemner: { type: "string", default: "0" },
    overlap: { type: "string", default: "0.55" },
    noise: { type: "string", default: "0.15" },
    missing: { type: "string", default: "0.04" },
    "log-limit": { type: "string", default: "10000" },
  },
});

const simulator = await startKeyBalance(optionsOf());
const { port, baseUrl, controlUrl, token } = simulator;
const isMadeUp = given.token === undefined && given.user === undefined;
process.stdout.write(`${JSON.stringify({ port, baseUrl, controlUrl, ...(isMadeUp ? { token } : {}) })}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void simulator.close().then(() => process.exit(0)));
}

function optionsOf(): KeyBalanceOptions {
  const seed = numberOf("seed");
  const { rows } = generateRows({
    seed,
    debitorer: numberOf("debitorer"),
    kreditorer: numberOf("kreditorer"),
    kundeemner: numberOf("kundeemner"),
    overlap: numberOf("overlap"),
    noise: numberOf("noise"),
    missing: numberOf("missing"),
  });
  const functions = given.functions?.split(",") ?? Object.keys(rows);
  const numbers = oneOf("numbers", ["erp", "caller"] as const);
  return {
    ...{ seed, functions, db: given.db, port: numberOf("port"), logLimit: numberOf("log-limit") },
    ...(given.token === undefined ? {} : { token: given.token }),
    ...(given.user === undefined ? {} : { signIn: loginOf(given.user) }),
    tables: Object.fromEntries(functions.map((name) => [name, { numbers }])),
    rows: Object.fromEntries(Object.entries(rows).filter(([name]) => functions.includes(name))),
    renumbered: oneOf("renumbered", ["gone", "told"] as const),
  };
}

function loginOf(user: string) {
  return { mode: "login", user, password: given.password, seconds: numberOf("token-seconds") } as const;
}

function numberOf(name: Exclude<keyof typeof given, undefined>): number {
  const value = Number(given[name]);
  if (Number.isNaN(value)) throw new Error(`--${name} wants a number`);
  return value;
}

function oneOf<const T extends string>(name: keyof typeof given, choices: readonly T[]): T {
  const choice = choices.find((each) => each === given[name]);
  if (choice === undefined) throw new Error(`--${name} is one of ${choices.join(", ")}`);
  return choice;
}
