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
-- Rewritten by every claim of a queue with limits.
ALTER TABLE "fiscaut_tasks"."queue_limit" SET (fillfactor = 50);
