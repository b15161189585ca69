-- Room on each page of the hot table for the versions that claims and retries write: with it a claim is a
-- heap-only update (a claimed row is a little longer, hence not 50). Vacuum follows the dead rows closely,
-- because claims walk over what it has not removed.
ALTER TABLE "fiscaut_tasks"."task" SET (
	fillfactor = 45,
	autovacuum_vacuum_scale_factor = 0.01,
	autovacuum_vacuum_threshold = 1000,
	autovacuum_vacuum_cost_delay = 0,
	autovacuum_analyze_scale_factor = 0.05
);
--> statement-breakpoint
-- One row a worker, rewritten at every heartbeat.
ALTER TABLE "fiscaut_tasks"."worker" SET (fillfactor = 50);
--> statement-breakpoint
-- The history, empty as yet, becomes a partitioned table with the columns and indexes that it has. Below each state
-- lies a partition a week, made ahead by the pruner (store/history/history-partitions.ts), and one for what finishes in a week
-- that has none: a completion must never fail for want of a partition.
DO $$
DECLARE
	indexes text[] := (SELECT array_agg(pg_get_indexdef(indexrelid)) FROM pg_index WHERE indrelid = 'fiscaut_tasks.task_history'::regclass);
	statement text;
	state text;
BEGIN
	ALTER TABLE "fiscaut_tasks"."task_history" RENAME TO "task_history_plain";
	CREATE TABLE "fiscaut_tasks"."task_history" (LIKE "fiscaut_tasks"."task_history_plain" INCLUDING ALL EXCLUDING INDEXES) PARTITION BY LIST ("state");
	DROP TABLE "fiscaut_tasks"."task_history_plain";
	FOREACH statement IN ARRAY indexes LOOP
		EXECUTE statement;
	END LOOP;
	FOREACH state IN ARRAY ARRAY['succeeded', 'failed', 'cancelled'] LOOP
		EXECUTE format('CREATE TABLE "fiscaut_tasks".%I PARTITION OF "fiscaut_tasks"."task_history" FOR VALUES IN (%L) PARTITION BY RANGE ("finished_at")', 'task_history_' || state, state);
		EXECUTE format('CREATE TABLE "fiscaut_tasks".%I PARTITION OF "fiscaut_tasks".%I (PRIMARY KEY ("id")) DEFAULT', 'task_history_' || state || '_default', 'task_history_' || state);
	END LOOP;
END $$;

--> statement-breakpoint
-- Rewritten by every claim of a queue with limits.
ALTER TABLE "fiscaut_tasks"."queue_limit" SET (fillfactor = 50);

--> statement-breakpoint
-- Serial keys: of the live tasks with one key all but the first enqueued are blocked. Kept by triggers, so that it
-- holds whichever statement inserts or deletes; their WHEN leaves them out for tasks without a key.
CREATE FUNCTION "fiscaut_tasks"."block_serial"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	new.blocked := true;
	RETURN new;
END $$;
--> statement-breakpoint
-- At the commit, under one lock for all keys: the snapshot of the UPDATE is younger than the lock, so of an enqueue and
-- a finish at once the later one sees what the other has done. One lock needs no order, and is held for a commit only.
-- As its owner: before Postgres 18 a trigger at the commit runs as the session's user, whom the SQL door gives no right.
CREATE FUNCTION "fiscaut_tasks"."release_serial"() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	released_key text := CASE WHEN tg_op = 'INSERT' THEN new.serial_key ELSE old.serial_key END;
BEGIN
	PERFORM pg_advisory_xact_lock(1718186851, 1);
	-- A first one that waits for other tasks gives way to an earlier one, which a retry has brought back: it may be
	-- one of those. Who holds its row ends its wait or deletes it.
	IF tg_op = 'INSERT' THEN
		UPDATE fiscaut_tasks.task SET blocked = true
		WHERE ctid = ANY(ARRAY(
			SELECT ctid FROM fiscaut_tasks.task
			WHERE serial_key = released_key AND serial_key IS NOT NULL AND NOT blocked AND waiting
				AND id > (SELECT min(id) FROM fiscaut_tasks.task WHERE serial_key = released_key AND blocked)
			FOR UPDATE SKIP LOCKED));
	END IF;
	UPDATE fiscaut_tasks.task t SET blocked = false
	WHERE t.id = (
			SELECT id FROM fiscaut_tasks.task
			WHERE serial_key = released_key AND blocked ORDER BY serial_key, id LIMIT 1)
		AND t.blocked
		AND NOT EXISTS (
			SELECT 1 FROM fiscaut_tasks.task
			WHERE serial_key = released_key AND serial_key IS NOT NULL AND NOT blocked);
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "task_block_serial" BEFORE INSERT ON "fiscaut_tasks"."task"
	FOR EACH ROW WHEN (new.serial_key IS NOT NULL) EXECUTE FUNCTION "fiscaut_tasks"."block_serial"();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "task_insert_serial" AFTER INSERT ON "fiscaut_tasks"."task"
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (new.serial_key IS NOT NULL) EXECUTE FUNCTION "fiscaut_tasks"."release_serial"();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "task_delete_serial" AFTER DELETE ON "fiscaut_tasks"."task"
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (old.serial_key IS NOT NULL AND NOT old.blocked)
	EXECUTE FUNCTION "fiscaut_tasks"."release_serial"();
