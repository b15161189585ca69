/** How late a loop is: what a watchdog asks. */
import { expect, test } from "bun:test";
import { startLoop } from "../../src/engine/loop.ts";
import { until } from "../until.ts";

test("a loop is late while its round lasts, and in time while it waits and when it is stopped", async () => {
  const round = Promise.withResolvers<number>();
  const loop = startLoop(
    "part",
    () => round.promise,
    () => {},
  );
  await until(() => loop.lateMs > 20);
  round.resolve(Number.POSITIVE_INFINITY);
  await until(() => loop.lateMs === 0);
  await loop.stop();
  expect(loop.lateMs).toBe(0);
});

test("a round that fails is no late one: it is tried again", async () => {
  let rounds = 0;
  const loop = startLoop(
    "part",
    () => {
      rounds += 1;
      throw new Error("no database");
    },
    () => {},
  );
  await until(() => rounds > 0);
  expect(loop.lateMs).toBeLessThan(20);
  await loop.stop();
});
