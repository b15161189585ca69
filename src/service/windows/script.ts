/** The steps of an install as a .cmd script, to be reviewed and run as an administrator, on any machine. Pure. */
import type { Step } from "../manager.ts";
import { batchLine } from "./words.ts";

/** A step, or a line that the script alone has. */
export type ScriptPart = Step | string;

/** @param title said in a comment; of ASCII, for it is read before the code page is set. */
export function scriptText(title: string, parts: readonly ScriptPart[]): string {
  const lines = [
    "@echo off",
    `rem ${title}`,
    "rem Run it as an administrator. It may be run again: it brings the service up to date.",
    "setlocal DisableDelayedExpansion",
    "rem What follows is UTF-8.",
    "chcp 65001 >nul",
    ...parts.map((part) => (typeof part === "string" ? part : lineOf(part))),
    "",
  ];
  return lines.join("\r\n");
}

function lineOf(step: Step): string {
  switch (step.kind) {
    case "folder": {
      const path = `"${step.path.replaceAll("%", "%%")}"`;
      return `if not exist ${path} mkdir ${path} || exit /b 1`;
    }
    case "run":
      return step.mayExitWith === undefined ? `${batchLine(step.argv)} || exit /b 1` : batchLine(step.argv);
    default:
      throw new Error(`a script has no line for "${step.kind}"`);
  }
}
