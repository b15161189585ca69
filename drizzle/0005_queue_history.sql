ALTER TABLE "fiscaut_tasks"."queue" ADD COLUMN "history" text collate "C" DEFAULT 'all' NOT NULL;--> statement-breakpoint
ALTER TABLE "fiscaut_tasks"."task" ADD COLUMN "keep" boolean;
--> statement-breakpoint
-- A task that another one waits for keeps its row when it succeeds, whatever its queue keeps. Marked whichever statement
-- opens the wait, at its commit: a lock on a running task is what its completion waits for, and only the row's newest
-- version, which the completion then reads, tells of a wait that its snapshot can't see.
CREATE FUNCTION "fiscaut_tasks"."keep_awaited"() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	UPDATE fiscaut_tasks.task SET keep = true WHERE id = new.after_task_id AND keep IS NOT TRUE;
	IF FOUND OR EXISTS (SELECT 1 FROM fiscaut_tasks.task WHERE id = new.after_task_id)
		OR EXISTS (SELECT 1 FROM fiscaut_tasks.task_history WHERE id = new.after_task_id)
	THEN
		RETURN NULL;
	END IF;
	-- It was there when this transaction looked. Whether it has succeeded or was deleted nobody can say any more.
	RAISE EXCEPTION 'after: there is no task % to wait for', new.after_task_id
		USING ERRCODE = 'serialization_failure', HINT = 'it has just gone: enqueue again';
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER "task_after_keep" AFTER INSERT ON "fiscaut_tasks"."task_after"
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (new.after_task_id IS NOT NULL) EXECUTE FUNCTION "fiscaut_tasks"."keep_awaited"();
--> statement-breakpoint
-- What is waited for already.
UPDATE "fiscaut_tasks"."task" SET "keep" = true
WHERE "id" IN (SELECT "after_task_id" FROM "fiscaut_tasks"."task_after" WHERE "after_task_id" IS NOT NULL);
