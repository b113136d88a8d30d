import { z } from "zod";

/** An account at an SFTP server. */
export const sftp = z
  .strictObject({
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(22),
    user: z.string().min(1),
    password: z.string().min(1).optional(),
    privateKey: z.string().min(1).optional().describe("In OpenSSH format; best as file:PATH"),
    passphrase: z.string().min(1).optional(),
    hostKey: z
      .string()
      .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "A fingerprint as ssh-keygen -lf shows it: SHA256: and 43 characters")
      .describe("Fingerprint of the server's key; another key is never spoken with"),
  })
  .check(({ value, issues }) => {
    if (value.password !== undefined || value.privateKey !== undefined) return;
    const params = { wayOut: "Write password or privateKey." };
    issues.push({ code: "custom", input: value, message: "The server must be logged in to", params });
  });

export type SftpAccount = z.output<typeof sftp>;
