import { afterAll, describe, expect, test } from "vitest";
import type { Client, ConnectorDefinition } from "../../src/connectors/connector.ts";
import { connectors } from "../../src/connectors/index.ts";
import { keybalance } from "../../src/connectors/keybalance/index.ts";
import { broken } from "../support/broken-connectors.ts";
import { type ConnectorPromise, promises } from "../support/connector-promises.ts";
import { keybalanceStage, type Stage } from "../support/connector-stage.ts";

type OpenStage = (
  definition: ConnectorDefinition,
  wrap?: (client: Client, secrets: readonly string[]) => Client,
) => Promise<Stage>;

/** Before which remote a connector is shown. A connector that is called and has no stage here fails the suite. */
const stages: Readonly<Record<string, OpenStage>> = { keybalance: keybalanceStage };

const told: string[] = [];
afterAll(() => console.log(told.join("\n")));

async function keep(promise: ConnectorPromise, open: () => Promise<Stage>): Promise<void> {
  const stage = await open();
  try {
    await promise.keep(stage);
  } finally {
    await stage.close();
  }
}

describe.each(connectors)("connector $name", (definition) => {
  // A directory is only searched and read, a campaign tool takes audiences, an export files: see the tests beside this one.
  const isTool = definition.audience !== undefined || definition.drop !== undefined;
  const isSynchronised = definition.mode === "call" && definition.directory === undefined && !isTool;
  const due = isSynchronised ? promises.filter((promise) => promise.needs(definition)) : [];
  for (const promise of promises) {
    told.push(`${due.includes(promise) ? "run   " : "absent"} ${definition.name}: ${promise.name}`);
  }

  test("declares mappings, and what it can be called for is shown before a remote", () => {
    expect(Object.keys(definition.mappings).length > 0).toBe(!isTool);
    expect(due.length > 0).toBe(isSynchronised);
    expect(isSynchronised).toBe(stages[definition.name] !== undefined);
  });

  for (const promise of due) {
    test(promise.name, async () => {
      const open = stages[definition.name];
      if (open === undefined) throw new Error(`${definition.name} has no stage`);
      await keep(promise, () => open(definition));
    });
  }
});

test("there is one deliberately broken connector for each promise", () => {
  expect(Object.keys(broken).toSorted()).toEqual(promises.map((promise) => promise.name).toSorted());
});

describe("a connector that breaks one promise fails that one and no other", () => {
  test.each(promises.map((promise) => promise.name))("%s", async (name) => {
    const kept: string[] = [];
    for (const promise of promises) {
      const isKept = await keep(promise, () => keybalanceStage(keybalance, broken[name])).then(
        () => true,
        () => false,
      );
      if (isKept) kept.push(promise.name);
    }
    expect(promises.map((promise) => promise.name).filter((each) => !kept.includes(each))).toEqual([name]);
  });
});
