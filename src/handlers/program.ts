/**
 * Executable files as handlers: payload on standard input, result on standard output, log lines on standard error, and
 * the exit code says what came of it. Which files of a folder are handlers is the loader's affair.
 */
import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import type { Subprocess } from "bun";
import { maxPayloadBytes } from "../task/doors/new-task.ts";
import { PermanentError } from "../task/outcome.ts";
import { boundReports } from "./child/bounded-reports.ts";
import type { ChildProcesses } from "./child/child-processes.ts";
import { waitForEnd } from "./child/end-of-child.ts";
import { LastLines, maxLineLength, resultOf } from "./child/end-words.ts";
import { Beginning, readLines, readOutput } from "./child/output.ts";
import { startProgram } from "./child/start-program.ts";
import type { HandlerContext } from "./context.ts";
import type { Handler } from "./handler.ts";
import { anyPayload } from "./payload.ts";

/** EX_DATAERR of sysexits.h: the payload is at fault, so that no further attempt can help. */
const permanentExitCode = 65;

const windowsExtensions = [".exe", ".cmd", ".bat", ".ps1"];
/** Where everything is executable, as on a drive of Windows mounted in Linux, these still are no programs. */
const noProgram = /\.([cm]?[jt]sx?|json|md|txt)$/i;

/** Whether the file is a program: by its extension on Windows, elsewhere by an execute bit. */
export function isProgram(path: string): boolean {
  if (process.platform === "win32") return windowsExtensions.includes(extname(path).toLowerCase());
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && (stats.mode & 0o111) !== 0 && !noProgram.test(path);
}

/** Of the file's name, without its extension. Takes any payload. @param path absolute. @param children undefined: it can't be run. */
export function programHandler(path: string, children: ChildProcesses | undefined): Handler {
  return {
    name: basename(path, extname(path)),
    file: path,
    payload: anyPayload,
    async run(payload, context) {
      if (children === undefined) throw new Error(`${path} was not loaded to be run`);
      return await runProgram(path, payload, context, children);
    },
  };
}

async function runProgram(
  path: string,
  payload: unknown,
  context: HandlerContext,
  children: ChildProcesses,
): Promise<unknown> {
  const { signal } = context;
  const reports = boundReports(context);
  const child = startProgram(path, payload, children.environmentOf(context.task));
  const tree = children.watch(child);
  try {
    const output = new Beginning(maxPayloadBytes);
    const lastLines = new LastLines();
    const readings = [
      readOutput(child.stdout, (chunk) => output.take(chunk)),
      readLines(child.stderr, maxLineLength, (line) => {
        const progress = readProgress(line);
        if (progress !== undefined) return reports.progress(...progress);
        lastLines.take(line);
        reports.log(line);
      }),
    ];
    const { leftOpen } = await waitForEnd(child, {
      signal,
      tree,
      onAbort: () => tree.kill("SIGTERM"),
      outputEnded: Promise.all(readings.map(({ ended }) => ended)),
      limits: children.limits,
    });
    for (const reading of readings) reading.stop();
    // Whatever its exit code: it may have stopped half-way, as it was asked to.
    if (signal.aborted) throw signal.reason;
    if (leftOpen) reports.log("it has left processes behind, which were ended");
    if (child.exitCode !== 0) throw errorOf(child, lastLines, output);
    if (!output.isCut) return resultOf(output.end());
    const words = `the output is larger than ${maxPayloadBytes} bytes`;
    reports.log(`not kept: ${words}`);
    return { dropped: words };
  } finally {
    tree.forget();
    reports.flush();
  }
}

function errorOf(child: Subprocess, lastLines: LastLines, output: Beginning): Error {
  // Some write what went wrong to their standard output.
  if (lastLines.isEmpty) lastLines.takeAll(output.end());
  const message = lastLines.describe(child);
  return lastLines.explain(
    child.exitCode === permanentExitCode ? new PermanentError(message) : new Error(message),
  );
}

/** `progress 0.5 some words`: a fraction from 0 to 1. */
function readProgress(line: string): [number, string | undefined] | undefined {
  const [, fraction, words] = /^progress (\d*\.?\d+)(?:\s+(.*))?$/.exec(line) ?? [];
  return fraction === undefined || Number(fraction) > 1 ? undefined : [Number(fraction), words];
}
