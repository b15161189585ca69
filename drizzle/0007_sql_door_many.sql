-- Many tasks that differ in their payloads alone, in one statement: `enqueue` makes the table, its indexes and its triggers
-- ready anew for each task, which costs three times as much as storing it. `payloads` is a JSON array; the other arguments
-- are those of `enqueue`, for all of them. Returns the tasks' ids in the order of their payloads.
--
-- It has no `key` and no `after`, which may wait for other transactions, task by task, and no `repeat`.
-- As `enqueue` (0002_sql_door.sql) in whom it runs as, and why.
CREATE FUNCTION "fiscaut_tasks"."enqueue_many"(
	"name" text,
	"payloads" jsonb,
	"queue" text DEFAULT 'default',
	"priority" integer DEFAULT 0,
	"run_at" timestamptz DEFAULT NULL,
	"delay" interval DEFAULT NULL,
	"max_attempts" integer DEFAULT 25,
	"timeout" interval DEFAULT NULL,
	"backoff" text DEFAULT NULL,
	"serial_key" text DEFAULT NULL,
	"title" text DEFAULT NULL,
	"wake" boolean DEFAULT true
) RETURNS SETOF bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
	delay_ms CONSTANT numeric := round(extract(epoch FROM delay) * 1000);
	timeout_ms CONSTANT numeric := round(extract(epoch FROM timeout) * 1000);
	planned CONSTANT timestamptz := coalesce(run_at, now() + coalesce(delay, '0'));
	stored_backoff CONSTANT text := (fiscaut_tasks.read_backoff(backoff)).stored;
	faults text := fiscaut_tasks.new_task_faults(name, NULL, queue, priority, run_at, delay_ms, max_attempts, timeout_ms,
		backoff, NULL, NULL, serial_key, title, NULL, NULL, NULL, NULL, NULL, NULL);
BEGIN
	IF jsonb_typeof(payloads) IS DISTINCT FROM 'array' THEN
		faults := concat_ws('; ', faults, 'payloads is not a JSON array');
	ELSIF faults IS NULL THEN
		-- Of the short ones, which have no fault, a call each would take longer than all else here.
		SELECT format('payloads[%s]: %s', place - 1, fiscaut_tasks.payload_fault(payload)) INTO faults
		FROM jsonb_array_elements(payloads) WITH ORDINALITY AS each (payload, place)
		WHERE octet_length(payload::text) >= 300 AND fiscaut_tasks.payload_fault(payload) IS NOT NULL
		LIMIT 1;
	END IF;
	IF faults IS NOT NULL THEN
		RAISE EXCEPTION '%', faults USING ERRCODE = 'invalid_parameter_value', HINT = CASE
			WHEN faults LIKE '%payload is larger%' THEN 'store the bulk elsewhere and enqueue a reference to it'
			WHEN faults LIKE '%payloads is not%' THEN 'give one payload a task: [{"company": 1}, {"company": 2}]'
			ELSE 'correct it, or leave it out: what has a default may also be null' END;
	END IF;
	IF payloads = '[]' THEN
		RETURN;
	END IF;
	queue := coalesce(queue, 'default');
	INSERT INTO fiscaut_tasks.queue (name) VALUES (queue) ON CONFLICT DO NOTHING;
	-- The first by itself: its trigger announces all of them once the transaction commits.
	FOR skipped IN 0..1 LOOP
		PERFORM set_config('fiscaut_tasks.wake', CASE WHEN skipped = 0 AND coalesce(wake, true) THEN 'on' ELSE 'off' END, true);
		RETURN QUERY
			INSERT INTO fiscaut_tasks.task (run_at, due, queue, name, title, payload, priority, max_attempts, serial_key, timeout_ms, backoff)
			SELECT planned, planned <= now(), queue, name, title, payload, coalesce(priority, 0), coalesce(max_attempts, 25),
				serial_key, timeout_ms, stored_backoff
			FROM jsonb_array_elements(payloads) AS payload
			OFFSET skipped LIMIT CASE skipped WHEN 0 THEN 1 END
			RETURNING task.id;
	END LOOP;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION "fiscaut_tasks"."enqueue_many"(text, jsonb, text, integer, timestamptz, interval, integer, interval, text, text, text, boolean) FROM PUBLIC;
