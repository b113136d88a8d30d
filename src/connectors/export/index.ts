import { z } from "zod";
import { defineConnector } from "../connector.ts";
import { folderPlace } from "../place.ts";
import { sftpPlace } from "../sftp-place.ts";
import { sftp } from "../sftp-settings.ts";

const settings = z.strictObject({
  folder: z.string().min(1).describe("Where exports are put; with sftp, on the server."),
  sftp: sftp.optional().describe("Without it the folder is on this machine."),
});

/** Where exports of segments are put, so that somebody else fetches them there. Nothing is read from it. */
export const exports = defineConnector({
  name: "export",
  confidence: "own",
  settings,
  lock: "none",
  idempotencyKey: true,
  quietMs: 0,
  showsAfterMs: 0,
  mode: "call",
  delta: false,
  drop({ folder, sftp: account }) {
    const place = account === undefined ? folderPlace(folder) : sftpPlace(folder, account);
    return {
      look: async () => {
        await place.list();
      },
      put: place.put,
      close: place.close,
    };
  },
  mappings: {},
});
