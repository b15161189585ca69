CREATE TABLE "fiscaut_tasks"."company" (
	"code" bigint PRIMARY KEY NOT NULL,
	"enabled" boolean DEFAULT false NOT NULL,
	"document" text,
	"name" text,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."queue_hold" (
	"queue" text collate "C" PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"until" timestamp with time zone,
	"next_probe_at" timestamp with time zone,
	"probes" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."sync_reading" (
	"company" bigint NOT NULL,
	"kind" text collate "C" NOT NULL,
	"read_at" timestamp with time zone NOT NULL,
	CONSTRAINT "sync_reading_company_kind_pk" PRIMARY KEY("company","kind")
);
--> statement-breakpoint
CREATE TABLE "fiscaut_tasks"."sync_record" (
	"company" bigint NOT NULL,
	"kind" text collate "C" NOT NULL,
	"code" text collate "C" NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"missing_since" timestamp with time zone,
	"task_id" bigint,
	"attempted_at" timestamp with time zone,
	"synced_at" timestamp with time zone,
	"http_status" integer,
	"status" text collate "C" NOT NULL,
	"name" text NOT NULL,
	"identity" text,
	"content" jsonb,
	"content_hash" text,
	"synced_hash" text,
	"skip_reason" text collate "C",
	"message" text,
	"response" text,
	CONSTRAINT "sync_record_company_kind_code_pk" PRIMARY KEY("company","kind","code")
);
--> statement-breakpoint
DROP INDEX "fiscaut_tasks"."task_history_batch";--> statement-breakpoint
ALTER TABLE "fiscaut_tasks"."queue" ADD COLUMN "held" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "sync_record_totals" ON "fiscaut_tasks"."sync_record" USING btree ("company","kind","status","missing_since");--> statement-breakpoint
CREATE INDEX "sync_record_newest" ON "fiscaut_tasks"."sync_record" USING btree ("status",greatest(changed_at, attempted_at, missing_since) desc,"company","kind","code");--> statement-breakpoint
CREATE INDEX "sync_record_missing" ON "fiscaut_tasks"."sync_record" USING btree (greatest(changed_at, attempted_at, missing_since) desc,"company","kind","code") WHERE missing_since is not null;--> statement-breakpoint
CREATE INDEX "sync_record_in_charge" ON "fiscaut_tasks"."sync_record" USING btree ("task_id","company","kind","code","changed_at","attempted_at") WHERE status = 'in_progress' and missing_since is null;--> statement-breakpoint
CREATE INDEX "task_history_batch" ON "fiscaut_tasks"."task_history" USING btree ("batch_id","id","state","finished_at") WHERE batch_id is not null;