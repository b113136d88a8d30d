import { registerHooks } from "node:module";

/** Puts the counting `decide` in the place of the pipelines' own. To be imported before anything of src. */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const isPipeline = context.parentURL?.includes("/src/pipelines/") === true;
    if (!isPipeline || !found.url.endsWith("/src/rules/decide.ts")) return found;
    return { ...found, url: new URL("./watched-decide.ts", import.meta.url).href };
  },
});
