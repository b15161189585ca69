/** What the process that reads holds in memory: one portion of rows, and nothing that was not asked for. */
import { expect, test } from "bun:test";
import type { FromReader } from "../../../src/sources/odbc/messages.ts";
import { serveReader } from "../../../src/sources/odbc/serve-reader.ts";

function serve(count: number, width: number) {
  const answers: FromReader[] = [];
  const state = { read: 0, freed: 0, isClosed: false };
  const reader = serveReader(
    (answer) => answers.push(answer),
    () => ({
      driver: "d",
      dbms: "b",
      *query() {
        try {
          while (state.read < count) {
            state.read += 1;
            yield ["x".repeat(width)];
          }
        } finally {
          state.freed += 1;
        }
      },
      close() {
        state.isClosed = true;
      },
    }),
  );
  reader.take({ kind: "open", connectionString: "", loginTimeoutMs: 1, queryTimeoutMs: 1 });
  reader.take({ kind: "query", text: "", parameters: [] });
  return { reader, answers, state };
}

test("reads a portion of 500 rows when asked, and no row ahead", () => {
  const { reader, answers, state } = serve(1_001, 10);
  expect(state.read).toBe(500);
  reader.take({ kind: "next" });
  expect(state.read).toBe(1_000);
  reader.take({ kind: "next" });
  expect(
    answers.map((answer) => (answer.kind === "rows" ? [answer.rows.length, answer.isLast] : [])),
  ).toEqual([[], [500, false], [500, false], [1, true]]);
  reader.close();
  expect(state.isClosed).toBe(true);
});

test("long values make a portion of fewer rows", () => {
  const { state } = serve(1_000, 100_000);
  expect(state.read).toBe(3);
});

test("a statement is freed before the next one, whether its rows were read to their end or not", () => {
  const { reader, state } = serve(600, 10);
  reader.take({ kind: "query", text: "", parameters: [] });
  expect([state.freed, state.read]).toEqual([2, 600]);
  reader.take({ kind: "query", text: "", parameters: [] });
  expect(state.freed).toBe(3);
  reader.close();
  expect(state.freed).toBe(3);
});
