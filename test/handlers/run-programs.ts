/** Run by `program.test.ts` in a process of its own, to be killed: runs the programs that it is given, all at once. */
import { ChildProcesses } from "../../src/handlers/child/child-processes.ts";
import { programHandler } from "../../src/handlers/program.ts";
import { createContext } from "./program-bed.ts";

const children = new ChildProcesses({
  environment: { PATH: process.env["PATH"] ?? "" },
  isolatedCommand: [],
});
const context = createContext({ lines: [], progress: [] }, new AbortController().signal);
const running = process.argv.slice(2).map((path) => programHandler(path, children).run(null, context));
process.stdout.write("started\n");
await Promise.all(running);
