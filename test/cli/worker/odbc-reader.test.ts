/** The end of the process that reads over ODBC: nobody may be left to end it. */
import { expect, test } from "bun:test";
import { join } from "node:path";

const start = () =>
  Bun.spawn([process.execPath, join(import.meta.dir, "odbc-reader-entry.ts")], {
    stdio: ["ignore", "ignore", "ignore"],
    serialization: "advanced",
    ipc: () => {},
  });

test("a process that is asked nothing ends by itself, though its channel is open", async () => {
  expect(await start().exited).toBe(1);
});

test("a process whose channel is closed ends well", async () => {
  const child = start();
  child.disconnect();
  expect(await child.exited).toBe(0);
});
