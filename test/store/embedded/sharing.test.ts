/** Several processes, one server: who starts it, who shares it, who stops it. */
import { describe, expect, test } from "bun:test";
import { answers, killServer, makeWorkplace, serverPid } from "./fixture.ts";

const workplace = makeWorkplace();
const SLOW = 60_000;

describe("processes that share a data folder", () => {
  test(
    "end with one server when they start at the same moment in an empty folder, and stop it with the last",
    async () => {
      const dataDir = `${await workplace.newDirectory()}/data`;
      const holders = await Promise.all([1, 2, 3].map(() => workplace.hold(dataDir)));
      const told = await Promise.all(holders.map((holder) => holder.outcome()));
      expect(new Set(told.map(({ url }) => url)).size).toBe(1);
      expect(told.filter(({ startedHere }) => startedHere)).toHaveLength(1);

      const url = told[0]?.url ?? "";
      const [first, second, third] = holders;
      await first?.close();
      await second?.close();
      expect(await answers(url)).toBe(true);
      expect(await third?.close()).toEqual({ closed: true });
      expect(await serverPid(dataDir)).toBeUndefined();
    },
    SLOW,
  );

  test(
    "take up the server that a killed process left running, and stop it in its stead",
    async () => {
      const dataDir = await workplace.readyDataDir();
      const killed = await workplace.hold(dataDir);
      const { url } = await killed.outcome();
      const pid = await serverPid(dataDir);
      await killed.kill();

      const heir = await workplace.open(dataDir);
      expect(heir.startedHere).toBe(false);
      expect(heir.url).toBe(url ?? "");
      expect(await serverPid(dataDir)).toBe(pid);
      await heir.close();
      expect(await serverPid(dataDir)).toBeUndefined();
    },
    SLOW,
  );

  test(
    "bring back a server that died, together, and on the port that all of them know",
    async () => {
      const dataDir = await workplace.readyDataDir();
      const first = await workplace.open(dataDir);
      const second = await workplace.open(dataDir);
      const before = first.url;
      await killServer(dataDir);

      const urls = await Promise.all([first.ensureRunning(), second.ensureRunning(), first.ensureRunning()]);
      expect(urls).toEqual([before, before, before]);
      expect(await answers(before)).toBe(true);
      await second.close();
      await first.close();
      expect(await serverPid(dataDir)).toBeUndefined();
    },
    SLOW,
  );

  test(
    "get another port when theirs was taken in the meantime",
    async () => {
      const dataDir = await workplace.readyDataDir();
      const earlier = await workplace.open(dataDir);
      const port = Number(new URL(earlier.url).port);
      await earlier.close();

      const squatter = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
      const later = await workplace.open(dataDir);
      expect(Number(new URL(later.url).port)).not.toBe(port);
      expect(await answers(later.url)).toBe(true);
      await later.close();
      squatter.stop();
    },
    SLOW,
  );

  test("close as often as they like, but ask for no server afterwards", async () => {
    const opened = await workplace.open(await workplace.readyDataDir());
    await opened.close();
    await opened.close();
    expect(opened.ensureRunning()).rejects.toThrow("was closed");
  });
});
