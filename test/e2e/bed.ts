/** What end-to-end tests with a database at DATABASE_URL share: that database, and what holds their tasks. */
import { afterAll, afterEach, beforeAll, beforeEach } from "bun:test";
import { createDatabase, type TestDatabase } from "../postgres.ts";
import { endLeftovers } from "./executable.ts";
import { type HeldApi, startHeldApi } from "./held-api.ts";

/** Call it once in a file, outside of its tests. */
export function createBed() {
  let database: TestDatabase;
  let api: HeldApi;
  beforeAll(async () => {
    database = await createDatabase();
  });
  beforeEach(() => {
    api = startHeldApi();
  });
  afterEach(async () => {
    await endLeftovers();
    await api.stop();
  });
  afterAll(() => database.drop());
  return {
    get store() {
      return database.store;
    },
    get api() {
      return api;
    },
    env: () => ({ DATABASE_URL: database.url, ...api.env }),
  };
}
