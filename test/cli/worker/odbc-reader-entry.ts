/** The process that reads over ODBC, for `odbc-reader.test.ts`: as the executable runs it, but of little patience. */
import { runOdbcReader } from "../../../src/cli/worker/odbc-reader.ts";

process.exit(await runOdbcReader(100));
