import { z } from "zod";
import { countryName, readCountry } from "../../danish/country.ts";
import { defineCodec } from "./codec.ts";
import { cleanText } from "./text.ts";

/**
 * A country. Codes and names are both read; `style` is what is written: the code, or the Danish name. A name that nobody
 * knows is kept as typed and flagged, it is not taken for Denmark.
 */
export const country = defineCodec({
  name: "country",
  kinds: ["country"],
  options: z.strictObject({ style: z.enum(["code", "name"]).optional() }),
  make: ({ style = "code" }) => ({
    decode: (remote) => {
      const text = cleanText(remote);
      if (typeof text !== "string" || text === "" || text === "DK") return text;
      const read = readCountry(text);
      return read.ok ? read.value : text;
    },
    encode: (ours) => {
      if (style === "code") return ours;
      return countryName(String(ours), "da") ?? { code: "not_encodable", rule: "the code has no Danish name" };
    },
  }),
});

/** A currency code; `blank` is what an empty field stands for (in KeyBalance DKK, domain notes, a5). */
export const currency = defineCodec({
  name: "currency",
  kinds: ["currency"],
  options: z.strictObject({ blank: z.string().length(3).optional() }),
  make: ({ blank }) => ({
    decode: (remote) => {
      const text = cleanText(remote);
      return typeof text === "string" ? text.toUpperCase() : text;
    },
    encode: (ours) => ours,
    ...(blank === undefined ? {} : { blank }),
  }),
});
