import { afterEach, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { migrate, readMigrationStatus } from "../../../src/store/migration/migrate.ts";
import { migrations } from "../../../src/store/migration/migrations.ts";
import { createDatabase, type TestDatabase } from "../../postgres.ts";

const root = resolve(import.meta.dir, "../../..");
const dropping: TestDatabase[] = [];
afterEach(async () => {
  for (const database of dropping.splice(0)) await database.drop();
});

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  dropping.push(database);
  await database.store.sql`drop schema fiscaut_tasks cascade`;
  return database;
}

test("the executable carries the migrations of the journal, all of them, in its order", async () => {
  const journal = await Bun.file(join(root, "drizzle/meta/_journal.json")).json();
  expect(migrations.map((migration) => migration.name)).toEqual(
    journal.entries.map((entry: { tag: string }) => entry.tag),
  );
  for (const { name, sql } of migrations)
    expect(sql).toBe(await Bun.file(join(root, `drizzle/${name}.sql`)).text());
});

test("the tables in the code have no change without a migration", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fiscaut-tasks-drizzle-"));
  try {
    cpSync(join(root, "drizzle"), join(folder, "drizzle"), { recursive: true });
    const config = {
      dialect: "postgresql",
      schema: join(root, "src/store/schema/schema.ts"),
      out: "./drizzle",
    };
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    const child = Bun.spawn(
      [
        process.execPath,
        "--bun",
        join(root, "node_modules/.bin/drizzle-kit"),
        "generate",
        "--config",
        "config.json",
      ],
      { cwd: folder, stdout: "pipe", stderr: "pipe" },
    );
    const printed = (await child.stdout.text()) + (await child.stderr.text());
    expect(printed).toContain("No schema changes");
    expect(readdirSync(join(folder, "drizzle")).toSorted()).toEqual(
      readdirSync(join(root, "drizzle")).toSorted(),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("migrating an empty database applies all, and a second time nothing", async () => {
  const { store } = await emptyDatabase();
  expect(await readMigrationStatus(store)).toEqual({ applied: [], pending: migrations });
  expect(await migrate(store)).toEqual(migrations);
  expect(await migrate(store)).toEqual([]);
  const { applied, pending } = await readMigrationStatus(store);
  expect(applied.map((migration) => migration.name)).toEqual(migrations.map((migration) => migration.name));
  expect(pending).toEqual([]);
});

test("of several that migrate at once, one applies and the others find nothing left to do", async () => {
  const { store } = await emptyDatabase();
  const rounds = await Promise.all(Array.from({ length: 4 }, () => migrate(store)));
  expect(rounds.map((applied) => applied.length).toSorted()).toEqual([0, 0, 0, migrations.length]);
});

test("a database that a newer executable has only added to serves this one, too", async () => {
  const { store } = await emptyDatabase();
  await migrate(store);
  await store.sql`insert into fiscaut_tasks.migration (name, sha256) values ('9999_tomorrow', 'x')`;
  expect(await migrate(store)).toEqual([]);
  const { applied, pending } = await readMigrationStatus(store);
  expect(applied.at(-1)?.name).toBe("9999_tomorrow");
  expect(pending).toEqual([]);
});

test("one that has taken something away is refused, and so is a migration that was changed", async () => {
  const { store } = await emptyDatabase();
  await migrate(store);
  await store.sql`insert into fiscaut_tasks.migration (name, sha256, ends_older) values ('9999_tomorrow', 'x', true)`;
  await expect(migrate(store)).rejects.toThrow(
    "the database's schema (9999_tomorrow) is newer than this executable",
  );
  await store.sql`delete from fiscaut_tasks.migration where name = '9999_tomorrow'`;
  await store.sql`update fiscaut_tasks.migration set sha256 = 'other' where name = '0000_tables'`;
  await expect(migrate(store)).rejects.toThrow(
    "migration 0000_tables in the database is not the one in this executable",
  );
});
