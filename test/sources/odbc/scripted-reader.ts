/**
 * A process that reads, without ODBC: it answers as its connection string tells it to. See `reader-process.test.ts`.
 */
import type { FromReader, ToReader } from "../../../src/sources/odbc/messages.ts";

let mode = "";
let text = "";
let portion = 0;

function answer(question: ToReader): FromReader {
  if (question.kind === "open") {
    mode = /MODE=(\w+)/.exec(question.connectionString)?.[1] ?? "";
    if (mode === "refuse") {
      const message = `refused: ${question.connectionString}`;
      return { kind: "fault", diagnostic: { step: "connect", state: "28000", message } };
    }
    return { kind: "opened", driver: "scripted", dbms: "none" };
  }
  if (question.kind === "query") {
    text = question.text;
    portion = 0;
  }
  portion += 1;
  if (mode === "crash" && portion === 2) process.kill(process.pid, "SIGKILL");
  // As a driver that never comes back from a call, deaf to everything.
  if (mode === "block" && portion === 2) for (;;) Bun.sleepSync(1_000);
  return { kind: "rows", rows: [[String(process.pid), text]], isLast: portion === 3 };
}

process.on("message", (question: ToReader) => process.send?.(answer(question)));
process.on("disconnect", () => process.exit(0));
