/** What `--help` shows of a command: citty's usage, and below it the command's examples. */
import { renderUsage } from "citty";
import type { AnyCommand } from "../input/arguments.ts";
import { shapeOf } from "./shape.ts";

/** @param root whose name goes before the command's. */
export async function renderHelp(command: AnyCommand, root: AnyCommand): Promise<string> {
  const usage = await renderUsage(command, command === root ? undefined : root);
  const { examples } = shapeOf(command);
  const shown = examples.length === 0 ? [] : ["EXAMPLES", "", ...examples.map((line) => `  ${line}`)];
  return [usage.trimEnd(), "", ...shown].join("\n").replaceAll(/ +$/gm, "").trimEnd();
}
