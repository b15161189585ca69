/**
 * Stands in for a program that configures services: writes the words that it was given down, a JSON array a line.
 * Compiled for Windows by `stand-ins.ts`, under as many names as a test needs.
 */
import { appendFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const program = basename(process.execPath);
const words = process.argv.slice(2);
appendFileSync(join(dirname(process.execPath), "calls.ndjson"), `${JSON.stringify([program, ...words])}\n`);
// The state of the task, as PowerShell tells it.
if (program === "powershell.exe") console.log("Running");
// There is no such service yet, as `sc query` says it.
process.exit(program === "sc.exe" && words[0] === "query" ? 1060 : 0);
