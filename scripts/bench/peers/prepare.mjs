/** `prepare.mjs CONTENDER`: makes the peer's schema and queues in the empty database at DATABASE_URL. */
import * as tunings from "./tunings.mjs";

const [contender] = process.argv.slice(2);
const connectionString = process.env.DATABASE_URL;

if (contender === "graphile") {
  const { runMigrations } = await import("graphile-worker");
  await runMigrations({ connectionString });
} else {
  const { PgBoss } = await import("pg-boss");
  const { instance, queue } = tunings.pgBoss[contender];
  const boss = new PgBoss({ connectionString, ...instance });
  await boss.start();
  for (const name of ["noop", "elsewhere"]) await boss.createQueue(name, queue);
  await boss.stop({ graceful: false });
}
