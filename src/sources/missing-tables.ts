/** What a source that lacks tables can still be used for, told alike by `source test` and `doctor`. Pure. */
import type { SourceReport } from "./source.ts";

/** None of `words` and `hint` ends with a full stop. */
export type MissingTables =
  | { kind: "none" }
  /** A table of records that is not there hinders its own kind alone. */
  | { kind: "some"; words: string }
  /** Nothing can be synced. */
  | { kind: "needed"; words: string; hint: string };

export function findMissingTables({ tables: [companies, ...records] }: SourceReport): MissingTables {
  const hint = "name the database or folder that holds Domínio's tables, with a user that may see them";
  const missing = records.filter(({ rows }) => rows === null).map(({ name }) => name);
  if (companies?.rows === null)
    return { kind: "needed", words: `the source lacks ${companies.name}, the table of companies`, hint };
  if (missing.length === 0) return { kind: "none" };
  if (missing.length === records.length)
    return { kind: "needed", words: `the source lacks ${list(missing)}: there is nothing to sync`, hint };
  return {
    kind: "some",
    words: `the source lacks ${list(missing)}: what stands there can't be synced, the rest can`,
  };
}

const list = (names: string[]) => new Intl.ListFormat("en").format(names);
