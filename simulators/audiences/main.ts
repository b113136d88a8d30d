import { startMailchimp } from "./mailchimp.ts";

/**
 * A campaign tool as a program of its own; `POST /_control/unsubscribe` is somebody who says no there, `GET /_control/tagged` who is
 * subscribed with a tag. Its first line says where it is and how it lets in.
 */
const tool = await startMailchimp();
const { baseUrl, apiKey, list } = tool;
process.stdout.write(`${JSON.stringify({ baseUrl, apiKey, list })}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => void tool.close().then(() => process.exit(0)));
}
