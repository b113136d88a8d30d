import { parentPort, workerData } from "node:worker_threads";
import { startKobling } from "../main.ts";

// The other end is src/main/thread.ts; what it passes is its own type.
const { env } = workerData as { readonly env: Readonly<Record<string, string | undefined>> };
const kobling = await startKobling(env);
parentPort?.once("message", async () => {
  await kobling.close();
  process.exit(); // of this thread
});
parentPort?.postMessage("ready");
