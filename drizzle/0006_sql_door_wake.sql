-- The SQL door's NOTIFY, off its callers' way. In each caller's transaction it let their commits through one at a time:
-- Postgres holds one lock from before such a commit until the disk has it. Now a commit that comes within milliseconds of
-- another's announcement makes none: a worker that hears `more` looks again a little later (src/engine/second-look.ts).
CREATE SEQUENCE "fiscaut_tasks"."announced_at" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;
--> statement-breakpoint
-- At the commit, since only what is decided there is told soon after it, however long the transaction was open. Beside the
-- sequence, which bounds how often it is done, a lock lets nobody wait for whom it is done by; both show at once and are
-- left behind by no rollback but for these milliseconds. A clock that was set back only costs announcements too many.
-- Who has announced once announces all that the transaction has, each kind once. Old workers know nothing of `more`.
CREATE FUNCTION "fiscaut_tasks"."announce_enqueued"() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	interval_ms CONSTANT integer := 5;
	now_ms bigint;
BEGIN
	-- Rare, and no second look is for it: what it waits for may have ended before the commit.
	IF new.waiting THEN
		PERFORM pg_notify('fiscaut_tasks', '{"kind":"waiting"}'), pg_notify('fiscaut_tasks', '{"kind":"ended"}');
		RETURN NULL;
	END IF;
	IF current_setting('fiscaut_tasks.wake', true) IS DISTINCT FROM 'announced' THEN
		now_ms := extract(epoch FROM clock_timestamp()) * 1000;
		IF (SELECT now_ms - last_value >= 0 AND now_ms - last_value < interval_ms FROM fiscaut_tasks.announced_at)
				OR NOT pg_try_advisory_xact_lock(1718186851, 2) THEN
			RETURN NULL;
		END IF;
		PERFORM setval('fiscaut_tasks.announced_at', now_ms), set_config('fiscaut_tasks.wake', 'announced', true);
	END IF;
	PERFORM pg_notify('fiscaut_tasks', CASE WHEN new.due THEN '{"kind":"due","more":true}' ELSE '{"kind":"future","more":true}' END);
	RETURN NULL;
END $$;
--> statement-breakpoint
-- Not for what the executables insert: they announce after their commits.
CREATE CONSTRAINT TRIGGER "task_announce_enqueued" AFTER INSERT ON "fiscaut_tasks"."task"
	DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW WHEN (current_setting('fiscaut_tasks.wake', true) = 'on') EXECUTE FUNCTION "fiscaut_tasks"."announce_enqueued"();
--> statement-breakpoint
REVOKE ALL ON FUNCTION "fiscaut_tasks"."announce_enqueued"() FROM PUBLIC;
--> statement-breakpoint
-- As in 0002_sql_door.sql, which says why it is as it is, but for the announcements and for the short way of plain tasks.
CREATE OR REPLACE FUNCTION "fiscaut_tasks"."enqueue"(
	"name" text,
	"payload" jsonb DEFAULT '{}',
	"queue" text DEFAULT 'default',
	"priority" integer DEFAULT 0,
	"run_at" timestamptz DEFAULT NULL,
	"delay" interval DEFAULT NULL,
	"max_attempts" integer DEFAULT 25,
	"timeout" interval DEFAULT NULL,
	"backoff" text DEFAULT NULL,
	"key" text DEFAULT NULL,
	"on_conflict" text DEFAULT 'skip',
	"serial_key" text DEFAULT NULL,
	"title" text DEFAULT NULL,
	"after" bigint[] DEFAULT NULL,
	"after_batches" bigint[] DEFAULT NULL,
	"on_failure" text DEFAULT 'fail',
	"repeat" interval DEFAULT NULL,
	"repeat_until" timestamptz DEFAULT NULL,
	"repeat_after_failure" boolean DEFAULT false,
	"wake" boolean DEFAULT true
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
	delay_ms CONSTANT numeric := round(extract(epoch FROM delay) * 1000);
	timeout_ms CONSTANT numeric := round(extract(epoch FROM timeout) * 1000);
	repeat_ms CONSTANT numeric := round(extract(epoch FROM repeat) * 1000);
	-- All that it asks for beside its name, payload and queue is the default: most tasks are such, and the rules of the rest
	-- take more time than all else.
	plain CONSTANT boolean := priority = 0 AND max_attempts = 25 AND on_conflict = 'skip' AND on_failure = 'fail'
		AND NOT repeat_after_failure AND num_nulls(run_at, delay, timeout, backoff, key, serial_key, title, after, after_batches,
			repeat, repeat_until) = 11;
	faults text;
	missing text;
	after_rule jsonb;
	planned timestamptz;
	repeat_rule jsonb;
	id bigint;
	ended boolean := false;
	moved boolean := false;
BEGIN
	-- Null where all is well, of the payload too; what is wrong is told in the words of the full rules.
	IF (plain AND name IS NOT NULL AND coalesce(fiscaut_tasks.word_fault('', name), fiscaut_tasks.word_fault('', queue),
			fiscaut_tasks.payload_fault(payload)) IS NULL) IS NOT TRUE THEN
		faults := fiscaut_tasks.new_task_faults(name, payload, queue, priority, run_at, delay_ms, max_attempts, timeout_ms,
			backoff, key, on_conflict, serial_key, title, after, after_batches, on_failure, repeat_ms, repeat_until, repeat_after_failure);
	END IF;
	IF faults IS NOT NULL THEN
		RAISE EXCEPTION '%', faults USING ERRCODE = 'invalid_parameter_value', HINT = CASE
			WHEN faults LIKE '%payload is larger%' THEN 'store the bulk elsewhere and enqueue a reference to it'
			ELSE 'correct it, or leave it out: what has a default may also be null' END;
	END IF;
	IF after IS NOT NULL OR after_batches IS NOT NULL THEN
		after_rule := fiscaut_tasks.stored_after(after, after_batches, on_failure);
		missing := fiscaut_tasks.unknown_predecessor(after, after_batches);
		IF missing IS NOT NULL THEN
			RAISE EXCEPTION '%', missing USING ERRCODE = 'invalid_parameter_value',
				HINT = 'name tasks and batches that are stored; finished tasks are pruned after their retention';
		END IF;
	END IF;
	-- Null is the default too, for languages in which leaving an argument out takes more words.
	queue := coalesce(queue, 'default');
	on_conflict := coalesce(on_conflict, 'skip');
	planned := coalesce(run_at, now() + coalesce(delay, '0'));
	IF repeat IS NOT NULL THEN
		repeat_rule := jsonb_build_object('everyMs', repeat_ms::bigint,
			'until', to_char(repeat_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
			'afterFailure', coalesce(repeat_after_failure, false));
	END IF;

	-- For the trigger below, which announces what this inserts once the transaction commits.
	PERFORM set_config('fiscaut_tasks.wake', CASE WHEN coalesce(wake, true) THEN 'on' ELSE 'off' END, true);
	INSERT INTO fiscaut_tasks.queue (name) VALUES (queue) ON CONFLICT DO NOTHING;
	IF on_conflict <> 'skip' THEN
		-- One after another: without it, of many that replace each other, one might lose round after round.
		PERFORM pg_advisory_xact_lock(hashtextextended(key, 0));
	END IF;
	-- The unique index decides, and whoever lost to a concurrent change looks again: see src/store/enqueue/enqueue-once.ts.
	FOR round IN 1..100 LOOP
		IF on_conflict <> 'skip' THEN
			UPDATE fiscaut_tasks.task t SET key = NULL, superseded = true
			WHERE t.key = enqueue.key AND t.key IS NOT NULL AND t.worker_id IS NOT NULL;
		END IF;
		IF on_conflict = 'replace' THEN
			WITH gone AS (
				DELETE FROM fiscaut_tasks.task t
				WHERE t.key = enqueue.key AND t.key IS NOT NULL AND t.worker_id IS NULL
				RETURNING *
			)
			INSERT INTO fiscaut_tasks.task_history (id, created_at, batch_id, schedule_id, planned_at, queue, name, title, key, payload,
				priority, max_attempts, serial_key, timeout_ms, backoff, repeat, after, run_at, started_at, worker_id,
				attempt, progress, log, state, errors)
			SELECT g.id, g.created_at, g.batch_id, g.schedule_id, g.planned_at, g.queue, g.name, g.title, g.key, g.payload,
				g.priority, g.max_attempts, g.serial_key, g.timeout_ms, g.backoff, g.repeat, g.after, g.run_at, g.started_at, g.worker_id, g.attempt,
				g.progress, g.log, 'cancelled', g.errors
			FROM gone g;
			ended := ended OR FOUND;
		ELSIF on_conflict = 'reschedule' THEN
			UPDATE fiscaut_tasks.task t
			SET priority = coalesce(enqueue.priority, 0), run_at = planned, due = planned <= now() AND NOT t.waiting,
				planned_at = CASE WHEN t.planned_at IS NULL THEN NULL ELSE planned END
			WHERE t.key = enqueue.key AND t.key IS NOT NULL AND t.worker_id IS NULL
			RETURNING t.id INTO id;
			moved := id IS NOT NULL;
			EXIT WHEN moved;
		END IF;
		INSERT INTO fiscaut_tasks.task (run_at, planned_at, due, waiting, after, queue, name, title, key, payload, priority,
			max_attempts, serial_key, timeout_ms, backoff, repeat)
		VALUES (planned, CASE WHEN repeat_rule IS NOT NULL THEN planned END, planned <= now() AND after_rule IS NULL,
			after_rule IS NOT NULL, after_rule, queue, name, title, key,
			coalesce(payload, '{}'), coalesce(priority, 0), coalesce(max_attempts, 25), serial_key, timeout_ms,
			CASE WHEN backoff IS NOT NULL THEN (fiscaut_tasks.read_backoff(backoff)).stored END, repeat_rule)
		ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
		RETURNING task.id INTO id;
		IF id IS NOT NULL AND after_rule IS NOT NULL THEN
			INSERT INTO fiscaut_tasks.task_after (task_id, after_task_id, after_batch_id)
			SELECT id, value::bigint, NULL FROM jsonb_array_elements(after_rule -> 'tasks')
			UNION ALL
			SELECT id, NULL, value::bigint FROM jsonb_array_elements(after_rule -> 'batches');
		END IF;
		EXIT WHEN id IS NOT NULL;
		IF on_conflict = 'skip' THEN
			SELECT t.id INTO id FROM fiscaut_tasks.task t WHERE t.key = enqueue.key AND t.key IS NOT NULL;
			IF id IS NOT NULL THEN
				RETURN id;
			END IF;
		END IF;
	END LOOP;
	IF id IS NULL THEN
		RAISE EXCEPTION 'the key % did not come to rest', key;
	END IF;
	-- What inserts nothing is rare, and announced by itself. As src/store/announce.ts.
	IF coalesce(wake, true) AND (moved OR ended) THEN
		PERFORM pg_notify('fiscaut_tasks', format('{"kind":"%s"}',
			CASE WHEN ended THEN 'ended' WHEN planned <= now() THEN 'due' ELSE 'future' END));
	END IF;
	RETURN id;
END $$;
