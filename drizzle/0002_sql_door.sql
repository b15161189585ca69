-- The SQL door: `enqueue`, which any language calls in a transaction of its own, and `task_status`, which it looks at.
-- The rules of a new task are those of src/task/doors/new-task.ts, the statements those of src/store/task-columns.ts and
-- enqueue-once.ts; test/store/sql-door/sql-door-rules.test.ts and sql-door.test.ts hold the two doors together.
CREATE FUNCTION "fiscaut_tasks"."range_fault"("what" text, "value" numeric, "least" numeric, "most" numeric) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN value < least OR value > most THEN format('%s is %s, not between %s and %s', what, value, least, most) END
$$;
--> statement-breakpoint
CREATE FUNCTION "fiscaut_tasks"."instant_fault"("what" text, "at" timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN at < '1970-01-01 00:00:00+00' OR at >= '10000-01-01 00:00:00+00' THEN what || ' is not between the years 1970 and 9999' END
$$;
--> statement-breakpoint
CREATE FUNCTION "fiscaut_tasks"."word_fault"("what" text, "word" text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN word = '' THEN what || ' is empty'
		WHEN char_length(word) > 100 THEN what || ' is longer than 100 characters'
		WHEN word COLLATE "C" !~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]*$' THEN what || ' may hold letters, digits and _ . : - only'
	END
$$;
--> statement-breakpoint
CREATE FUNCTION "fiscaut_tasks"."text_fault"("what" text, "value" text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN value = '' THEN what || ' is empty'
		WHEN char_length(value) > 200 THEN what || ' is longer than 200 characters'
	END
$$;
--> statement-breakpoint
CREATE FUNCTION "fiscaut_tasks"."payload_fault"("payload" jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	most CONSTANT integer := 1048576;
	bytes CONSTANT integer := octet_length(payload::text);
BEGIN
	-- Shorter than any of the faults.
	IF bytes < 300 THEN
		RETURN NULL;
	END IF;
	-- As JSON.stringify has it: without the blank that Postgres writes after each colon and comma, a third at the most.
	IF bytes > most AND (bytes / 3 > most / 2
			OR octet_length(regexp_replace(payload::text, '("(?:[^"\\]|\\.)*")|([:,]) ', '\1\2', 'g')) > most) THEN
		RETURN format('the payload is larger than %s bytes', most);
	END IF;
	IF jsonb_path_exists(payload, 'strict $.**{199}') THEN
		RETURN 'the payload is nested more than 200 levels deep';
	END IF;
	-- From there on a number is infinite to JavaScript, which the handlers are written in.
	IF jsonb_path_exists(payload, 'strict $.** ? (@ >= 1.797693134862315808e308 || @ <= -1.797693134862315808e308)') THEN
		RETURN 'the payload holds a number beyond 1.8e308';
	END IF;
	RETURN NULL;
END $$;
--> statement-breakpoint
-- Milliseconds of `1h30m`; null for what is no duration. As src/task/time/duration.ts.
CREATE FUNCTION "fiscaut_tasks"."duration_ms"("duration" text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN duration ~ '^0+$' THEN 0 WHEN duration <> '' THEN (
		SELECT coalesce(part[1]::numeric, 0) * 86400000 + coalesce(part[2]::numeric, 0) * 3600000
			+ coalesce(part[3]::numeric, 0) * 60000 + coalesce(part[4]::numeric, 0) * 1000 + coalesce(part[5]::numeric, 0)
		FROM regexp_match(duration, '^(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m(?!s))?(?:([0-9]+)s)?(?:([0-9]+)ms)?$') AS part
		WHERE part IS NOT NULL)
	END
$$;
--> statement-breakpoint
-- The shortest text of it.
CREATE FUNCTION "fiscaut_tasks"."duration_text"("ms" numeric) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(string_agg(count || unit, '' ORDER BY size DESC) FILTER (WHERE count > 0), '0s')
	FROM (
		SELECT unit, size, div(ms % above, size) AS count
		FROM (VALUES ('d', 86400000, ms + 1), ('h', 3600000, 86400000), ('m', 60000, 3600000), ('s', 1000, 60000), ('ms', 1, 1000))
			AS units (unit, size, above)
	) AS counted
$$;
--> statement-breakpoint
-- A back-off in the one way in which it is stored, or what is wrong with it. As src/task/time/backoff.ts.
CREATE FUNCTION "fiscaut_tasks"."read_backoff"("backoff" text, OUT "stored" text, OUT "fault" text) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	longest_ms CONSTANT numeric := 315360000000;
	part CONSTANT text[] := regexp_match(backoff,
		'^(?:(django)|exponential:([A-Za-z0-9_]+)\.\.([A-Za-z0-9_]+)|fixed:([A-Za-z0-9_]+))(?:~([0-9]{1,2}|100)%)?$');
	jitter CONSTANT text := CASE WHEN part[5]::integer > 0 THEN format('~%s%%', part[5]::integer) ELSE '' END;
	delay text;
	first_ms numeric := fiscaut_tasks.duration_ms(part[2]);
	most_ms numeric := fiscaut_tasks.duration_ms(part[3]);
BEGIN
	IF backoff IS NULL THEN
		RETURN;
	END IF;
	IF part IS NULL THEN
		fault := 'is not one such as django, django~10%, exponential:1s..1h or fixed:30s';
	END IF;
	FOREACH delay IN ARRAY coalesce(array_remove(part[2:4], NULL), '{}') LOOP
		IF fiscaut_tasks.duration_ms(delay) IS NULL THEN
			fault := format('has a delay, %s, that is not a duration such as 90s, 5m, 1h30m or 250ms', delay);
		ELSIF fiscaut_tasks.duration_ms(delay) > longest_ms THEN
			fault := format('has a delay, %s, longer than %s', delay, fiscaut_tasks.duration_text(longest_ms));
		END IF;
	END LOOP;
	IF fault IS NOT NULL THEN
		NULL;
	ELSIF first_ms = 0 THEN
		fault := 'starts at 0, which doubling leaves at 0';
	ELSIF most_ms < first_ms THEN
		fault := 'ends below its start';
	ELSE
		stored := CASE
			WHEN part[1] IS NOT NULL THEN 'django'
			WHEN part[4] IS NOT NULL THEN 'fixed:' || fiscaut_tasks.duration_text(fiscaut_tasks.duration_ms(part[4]))
			ELSE format('exponential:%s..%s', fiscaut_tasks.duration_text(first_ms), fiscaut_tasks.duration_text(most_ms))
		END || jitter;
	END IF;
END $$;
--> statement-breakpoint
CREATE FUNCTION "fiscaut_tasks"."ids_fault"("what" text, "ids" bigint[], "most" integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE
		WHEN cardinality(ids) > most THEN format('%s names more than %s', what, most)
		WHEN 1 > ANY(ids) OR array_position(ids, NULL) IS NOT NULL THEN what || ' names what is no id'
	END
$$;
--> statement-breakpoint
-- What a task waits for in the one way in which it is stored (src/task/doors/after.ts), or null for nothing.
CREATE FUNCTION "fiscaut_tasks"."stored_after"("after" bigint[], "after_batches" bigint[], "on_failure" text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object(
		'tasks', (SELECT coalesce(jsonb_agg(id ORDER BY place), '[]')
			FROM (SELECT id, min(place) AS place FROM unnest(after) WITH ORDINALITY AS t (id, place) GROUP BY id) AS tasks),
		'batches', (SELECT coalesce(jsonb_agg(id ORDER BY place), '[]')
			FROM (SELECT id, min(place) AS place FROM unnest(after_batches) WITH ORDINALITY AS t (id, place) GROUP BY id) AS batches),
		'onFailure', coalesce(on_failure, 'fail'))
	WHERE cardinality(after) > 0 OR cardinality(after_batches) > 0
$$;
--> statement-breakpoint
-- As src/store/waits/waits.ts: what is to be waited for and is not there.
CREATE FUNCTION "fiscaut_tasks"."unknown_predecessor"("after" bigint[], "after_batches" bigint[]) RETURNS text LANGUAGE sql STABLE AS $$
	(SELECT format('after: there is no task %s to wait for', asked.id) FROM unnest(after) AS asked (id)
	WHERE NOT EXISTS (SELECT 1 FROM fiscaut_tasks.task t WHERE t.id = asked.id)
		AND NOT EXISTS (SELECT 1 FROM fiscaut_tasks.task_history h WHERE h.id = asked.id)
	ORDER BY asked.id LIMIT 1)
	UNION ALL
	(SELECT format('after_batches: there is no batch %s to wait for', asked.id) FROM unnest(after_batches) AS asked (id)
	WHERE NOT EXISTS (SELECT 1 FROM fiscaut_tasks.batch b WHERE b.id = asked.id)
	ORDER BY asked.id LIMIT 1)
	LIMIT 1
$$;
--> statement-breakpoint
-- Every fault of a new task in one text, or null. The arguments are those of `enqueue`, durations in milliseconds.
CREATE FUNCTION "fiscaut_tasks"."new_task_faults"(
	"name" text, "payload" jsonb, "queue" text, "priority" integer, "run_at" timestamptz, "delay_ms" numeric,
	"max_attempts" integer, "timeout_ms" numeric, "backoff" text, "key" text, "on_conflict" text, "serial_key" text,
	"title" text, "after" bigint[], "after_batches" bigint[], "on_failure" text,
	"repeat_ms" numeric, "repeat_until" timestamptz, "repeat_after_failure" boolean
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(fault, '; ') FROM (VALUES
		(coalesce(fiscaut_tasks.word_fault('the task''s name', name), CASE WHEN name IS NULL THEN 'the task''s name is null' END)),
		(fiscaut_tasks.payload_fault(payload)),
		(fiscaut_tasks.word_fault('the queue''s name', queue)),
		(fiscaut_tasks.range_fault('priority', priority, -32768, 32767)),
		(fiscaut_tasks.instant_fault('run_at', run_at)),
		(fiscaut_tasks.range_fault('delay in milliseconds', delay_ms, 0, 315360000000)),
		(CASE WHEN run_at IS NOT NULL AND delay_ms IS NOT NULL THEN 'delay and run_at exclude each other' END),
		(fiscaut_tasks.range_fault('max_attempts', max_attempts, 1, 1000)),
		(fiscaut_tasks.range_fault('timeout in milliseconds', timeout_ms, 1, 2147483647)),
		(format('the back-off %s ', to_json(backoff)) || (fiscaut_tasks.read_backoff(backoff)).fault),
		(fiscaut_tasks.text_fault('the key', key)),
		(CASE WHEN starts_with(key, 'payload:') THEN 'the key may not begin with payload:' END),
		(CASE WHEN on_conflict NOT IN ('skip', 'replace', 'reschedule')
			THEN format('on_conflict is %s, not skip, replace or reschedule', to_json(on_conflict)) END),
		(CASE WHEN on_conflict <> 'skip' AND key IS NULL THEN format('on_conflict => %L needs a key', on_conflict) END),
		(fiscaut_tasks.word_fault('the serial key', serial_key)),
		(fiscaut_tasks.text_fault('the title', title)),
		(fiscaut_tasks.ids_fault('after', after, 1000)),
		(fiscaut_tasks.ids_fault('after_batches', after_batches, 100)),
		(CASE WHEN (after IS NOT NULL OR after_batches IS NOT NULL) AND fiscaut_tasks.stored_after(after, after_batches, on_failure) IS NULL
			THEN 'after names neither a task nor a batch' END),
		(CASE WHEN on_failure NOT IN ('fail', 'ignore') THEN format('on_failure is %s, not fail or ignore', to_json(on_failure)) END),
		(CASE WHEN on_failure <> 'fail' AND after IS NULL AND after_batches IS NULL
			THEN format('on_failure => %L needs after or after_batches', on_failure) END),
		(fiscaut_tasks.range_fault('repeat in milliseconds', repeat_ms, 1000, 315360000000)),
		(fiscaut_tasks.instant_fault('repeat_until', repeat_until)),
		(CASE WHEN repeat_ms IS NULL AND (repeat_until IS NOT NULL OR repeat_after_failure)
			THEN 'repeat_until and repeat_after_failure need repeat' END)
	) AS rules (fault)
$$;
--> statement-breakpoint
-- Enqueues a task in the caller's transaction: it is there for workers once that commits, and never if it does not.
-- Returns the task's id or, where a live task has its key and no task was added, that one's.
--
-- It runs as its owner, so that a role needs no right to the tables, which would let it do more than enqueue. Hence the
-- search path of its own, and hence nobody may execute it who was not granted that. No sequential scans, as in the
-- workers' pool (src/store/connection.ts).
--
-- NOTIFY stands in the caller's transaction, since nothing of ours comes after it: Postgres delivers it at the commit, one
-- of many that are equal. It also lets commits that notify through one at a time (48 connections made 245 a second where
-- `wake => false` made 2,300, the disk taking 4 ms), so whoever enqueues that much may leave it to the workers' polls.
CREATE FUNCTION "fiscaut_tasks"."enqueue"(
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
	faults CONSTANT text := fiscaut_tasks.new_task_faults(name, payload, queue, priority, run_at, delay_ms, max_attempts, timeout_ms,
		backoff, key, on_conflict, serial_key, title, after, after_batches, on_failure, repeat_ms, repeat_until, repeat_after_failure);
	missing text;
	after_rule jsonb;
	planned timestamptz;
	repeat_rule jsonb;
	id bigint;
	ended boolean := false;
	announced text[];
BEGIN
	IF faults IS NOT NULL THEN
		RAISE EXCEPTION '%', faults USING ERRCODE = 'invalid_parameter_value', HINT = CASE
			WHEN faults LIKE '%payload is larger%' THEN 'store the bulk elsewhere and enqueue a reference to it'
			ELSE 'correct it, or leave it out: what has a default may also be null' END;
	END IF;
	after_rule := fiscaut_tasks.stored_after(after, after_batches, on_failure);
	IF after_rule IS NOT NULL THEN
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
			EXIT WHEN id IS NOT NULL;
		END IF;
		INSERT INTO fiscaut_tasks.task (run_at, planned_at, due, waiting, after, queue, name, title, key, payload, priority,
			max_attempts, serial_key, timeout_ms, backoff, repeat)
		VALUES (planned, CASE WHEN repeat_rule IS NOT NULL THEN planned END, planned <= now() AND after_rule IS NULL,
			after_rule IS NOT NULL, after_rule, queue, name, title, key,
			coalesce(payload, '{}'), coalesce(priority, 0), coalesce(max_attempts, 25), serial_key, timeout_ms,
			(fiscaut_tasks.read_backoff(backoff)).stored, repeat_rule)
		ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
		RETURNING task.id INTO id;
		IF id IS NOT NULL AND after_rule IS NOT NULL THEN
			INSERT INTO fiscaut_tasks.task_after (task_id, after_task_id, after_batch_id)
			SELECT id, value::bigint, NULL FROM jsonb_array_elements(after_rule -> 'tasks')
			UNION ALL
			SELECT id, NULL, value::bigint FROM jsonb_array_elements(after_rule -> 'batches');
			-- What it waits for may have ended before the commit: a worker looks through all that wait.
			announced := '{waiting,ended}';
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
	IF coalesce(wake, true) THEN
		-- As src/store/announce.ts.
		announced := coalesce(announced, CASE WHEN planned <= now() THEN '{due}' ELSE '{future}' END::text[]);
		PERFORM pg_notify('fiscaut_tasks', format('{"kind":"%s"}', kind))
		FROM unnest(CASE WHEN ended THEN announced || 'ended'::text ELSE announced END) AS kind;
	END IF;
	RETURN id;
END $$;
--> statement-breakpoint
-- One task, or some, by id: live or finished, with its result and its newest error. No payload: what a role may see
-- of others' tasks here should be little.
CREATE VIEW "fiscaut_tasks"."task_status" AS
	SELECT id, name, queue, title, CASE WHEN worker_id IS NULL THEN 'pending' ELSE 'running' END COLLATE "C" AS state,
		attempt, run_at, NULL::timestamptz AS finished_at, NULL::jsonb AS result, errors -> -1 ->> 'message' AS error
	FROM fiscaut_tasks.task
	UNION ALL
	SELECT id, name, queue, title, state, attempt, run_at, finished_at, result, errors -> -1 ->> 'message'
	FROM fiscaut_tasks.task_history;
--> statement-breakpoint
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA "fiscaut_tasks" FROM PUBLIC;
