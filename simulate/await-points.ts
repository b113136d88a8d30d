const FRAME = /at (?:async )?(?:Object\.|Module\.)?([\w$.<>]+)? ?\(?.*?\/src\/((?:store|pipelines)\/[\w-]+)\.ts/;

/** Which function of ours awaits: `store/links lockLinks`. Read from the stack, since no step knows that it is watched. */
export function awaitPoint(kind: string): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 14;
  const stack = new Error("where").stack ?? "";
  Error.stackTraceLimit = before;
  for (const line of stack.split("\n").slice(2)) {
    const found = FRAME.exec(line);
    if (found !== null) return `${found[2]} ${found[1] ?? kind}`;
  }
  return kind;
}
