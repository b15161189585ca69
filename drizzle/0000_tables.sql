CREATE TABLE "fiscaut_tasks"."batch" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "fiscaut_tasks"."batch_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"enqueued_by" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"total" integer NOT NULL,
	"title" text NOT NULL,
	"key" text collate "C",
	"skipped" jsonb NOT NULL,
	CONSTRAINT "batch_key_unique" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."queue" (
	"name" text collate "C" PRIMARY KEY NOT NULL,
	"paused" boolean DEFAULT false NOT NULL,
	"limited" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."queue_limit" (
	"queue" text collate "C" PRIMARY KEY NOT NULL,
	"max_running" integer,
	"rate_count" integer,
	"rate_period_ms" integer,
	"settled" boolean DEFAULT false NOT NULL,
	"starts" timestamp with time zone[] DEFAULT '{}' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."queue_slot" (
	"queue" text collate "C" NOT NULL,
	"task_id" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"worker_id" bigint NOT NULL,
	CONSTRAINT "queue_slot_queue_task_id_pk" PRIMARY KEY("queue","task_id")
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."schedule" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "fiscaut_tasks"."schedule_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text collate "C" NOT NULL,
	"next_tick_at" timestamp with time zone,
	"last_tick_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"paused" boolean DEFAULT false NOT NULL,
	"cron" text NOT NULL,
	"time_zone" text NOT NULL,
	"missed" text collate "C" NOT NULL,
	"file" text,
	"task" jsonb NOT NULL,
	CONSTRAINT "schedule_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."task" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "fiscaut_tasks"."task_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"worker_id" bigint,
	"batch_id" bigint,
	"priority" integer NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"max_attempts" integer NOT NULL,
	"timeout_ms" integer,
	"schedule_id" bigint,
	"planned_at" timestamp with time zone,
	"due" boolean NOT NULL,
	"waiting" boolean DEFAULT false NOT NULL,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"blocked" boolean DEFAULT false NOT NULL,
	"superseded" boolean,
	"queue" text collate "C" NOT NULL,
	"name" text collate "C" NOT NULL,
	"title" text,
	"serial_key" text collate "C",
	"key" text collate "C",
	"backoff" text,
	"after" jsonb,
	"payload" jsonb NOT NULL,
	"repeat" jsonb,
	"progress" jsonb,
	"errors" jsonb,
	"log" jsonb[]
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."task_after" (
	"task_id" bigint NOT NULL,
	"after_task_id" bigint,
	"after_batch_id" bigint
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."task_history" (
	"id" bigint NOT NULL,
	"run_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"worker_id" bigint,
	"batch_id" bigint,
	"priority" integer NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"max_attempts" integer NOT NULL,
	"timeout_ms" integer,
	"schedule_id" bigint,
	"planned_at" timestamp with time zone,
	"finished_at" timestamp with time zone DEFAULT now() NOT NULL,
	"state" text collate "C" NOT NULL,
	"queue" text collate "C" NOT NULL,
	"name" text collate "C" NOT NULL,
	"title" text,
	"serial_key" text collate "C",
	"key" text collate "C",
	"backoff" text,
	"after" jsonb,
	"payload" jsonb NOT NULL,
	"repeat" jsonb,
	"progress" jsonb,
	"errors" jsonb,
	"log" jsonb[],
	"result" jsonb
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."worker" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "fiscaut_tasks"."worker_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lease_ms" integer NOT NULL,
	"pid" integer NOT NULL,
	"host" text NOT NULL,
	"version" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "schedule_next_tick" ON "fiscaut_tasks"."schedule" USING btree ("next_tick_at") WHERE not paused;--> statement-breakpoint
CREATE INDEX "task_claim" ON "fiscaut_tasks"."task" USING btree ("queue","name","priority" DESC NULLS FIRST,"run_at","id") WHERE due and not blocked;--> statement-breakpoint
CREATE INDEX "task_future" ON "fiscaut_tasks"."task" USING btree ("run_at") WHERE not due and not blocked and not waiting;--> statement-breakpoint
CREATE INDEX "task_waiting" ON "fiscaut_tasks"."task" USING btree ("id") WHERE waiting;--> statement-breakpoint
CREATE UNIQUE INDEX "task_serial_head" ON "fiscaut_tasks"."task" USING btree ("serial_key") WHERE serial_key is not null and not blocked;--> statement-breakpoint
CREATE INDEX "task_serial_blocked" ON "fiscaut_tasks"."task" USING btree ("serial_key","id") WHERE blocked;--> statement-breakpoint
CREATE UNIQUE INDEX "task_key" ON "fiscaut_tasks"."task" USING btree ("key") WHERE key is not null;--> statement-breakpoint
CREATE INDEX "task_batch" ON "fiscaut_tasks"."task" USING btree ("batch_id","id") WHERE batch_id is not null;--> statement-breakpoint
CREATE INDEX "task_after_waiting" ON "fiscaut_tasks"."task_after" USING btree ("task_id");--> statement-breakpoint
CREATE INDEX "task_after_task" ON "fiscaut_tasks"."task_after" USING btree ("after_task_id") WHERE after_task_id is not null;--> statement-breakpoint
CREATE INDEX "task_after_batch" ON "fiscaut_tasks"."task_after" USING btree ("after_batch_id") WHERE after_batch_id is not null;--> statement-breakpoint
CREATE INDEX "task_history_batch" ON "fiscaut_tasks"."task_history" USING btree ("batch_id","id","state") WHERE batch_id is not null;