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
-- lies a partition a week, made ahead by the pruner (store/history-partitions.ts), and one for what finishes in a week
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
