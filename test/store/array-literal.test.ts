/** Arrays as text: Postgres reads back what went in. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { arrayLiteral } from "../../src/store/array-literal.ts";
import { createDatabase, type TestDatabase } from "../postgres.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

async function readBack(type: "text" | "float8", values: (string | number | null)[]) {
  const [row] = await database.store.sql.unsafe<{ read: unknown }[]>(
    `select to_json($1::${type}[]) as read`,
    [arrayLiteral(values)],
  );
  return row?.read;
}

test("texts come back as they were, whatever they hold", async () => {
  for (const values of [
    [],
    [null],
    ["NULL", null],
    ["", '"', "\\", "{}", ",", " a\n\t"],
    ["é", "é"],
    [null, null],
  ])
    expect(await readBack("text", values)).toEqual(values);
  const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\u0000"));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.oneof(text, fc.constantFrom("a", '\\"'))), { maxLength: 5 }),
      async (values) => {
        expect(await readBack("text", values)).toEqual(values);
      },
    ),
  );
});

test("numbers come back as they were", async () => {
  for (const values of [[0, 0, 0], [1, -32_768, null], [315_360_000_000]])
    expect(await readBack("float8", values)).toEqual(values);
});
