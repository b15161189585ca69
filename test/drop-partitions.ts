/** For tests of a history that was left alone for long: drops all its weeks; the default partitions stay. */
import type { Store } from "../src/store/connection.ts";

export async function dropPartitions({ sql }: Store): Promise<void> {
  await sql.unsafe(`
    do $$ declare week regclass; begin
      for week in select relid from pg_partition_tree('fiscaut_tasks.task_history')
          where isleaf and relid::text !~ '_default$' loop
        execute format('drop table %s', week);
      end loop;
    end $$`);
}
