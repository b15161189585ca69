import { describe, expect, test } from "bun:test";
import { faultOf, load } from "./surroundings.ts";

const path = "/etc/fiscaut-tasks/fiscaut-tasks.toml";
const from = (text: string) => ({ flags: { config: path }, files: { [path]: text } });

describe("[schedule.NAME]", () => {
  test("is a schedule, with its task's fields beside the rule", () => {
    const { schedules, config } = load(
      from(`
concurrency = 3
[schedule.nightly]
cron = "0 3 * * *"
task = "fiscaut.sync-suppliers"
payload = { company = 1, source = "csv:/data" }
queue = "night"
priority = -5
time-zone = "America/New_York"
missed = "skip"
max-attempts = 3
timeout = "1h"
title = "Every night"
[schedule.hourly]
cron = "@hourly"
task = "a"
`),
    );
    expect(config.concurrency).toBe(3);
    expect(schedules).toMatchObject([
      {
        name: "nightly",
        cron: "0 3 * * *",
        timeZone: "America/New_York",
        missed: "skip",
        task: {
          name: "fiscaut.sync-suppliers",
          payload: { company: 1, source: "csv:/data" },
          queue: "night",
          priority: -5,
          maxAttempts: 3,
          timeoutMs: 3_600_000,
          title: "Every night",
        },
      },
      { name: "hourly", timeZone: "America/Sao_Paulo", missed: "latest", task: { name: "a" } },
    ]);
  });

  test("is nowhere: there are none", () => {
    expect(load(from("concurrency = 3")).schedules).toEqual([]);
    expect(load().schedules).toEqual([]);
  });

  const wrong: [string, string, string][] = [
    ["a rule that is none", `[schedule.a]\ncron = "x"\ntask = "a"`, ':schedule.a: "x" is not a cron rule'],
    ["a rule left out", `[schedule.a]\ntask = "a"`, ":schedule.a: cron is missing"],
    ["an unknown key", `[schedule.a]\ncrom = "x"`, "crom is no key of a schedule; did you mean cron?"],
    [
      "a time zone that is none",
      `[schedule.a]\ncron = "@daily"\ntask = "a"\ntime-zone = "X"`,
      "not a time zone",
    ],
    ["a timeout without unit", `[schedule.a]\ncron = "@daily"\ntask = "a"\ntimeout = 5`, "timeout"],
    ["a table without a name", `schedule = 5`, "write [schedule.NAME]"],
    ["keys without a name above them", `[schedule]\ncron = "@daily"`, "write [schedule.NAME]"],
  ];
  for (const [what, text, message] of wrong)
    test(`refuses ${what}, saying where`, () => {
      const fault = faultOf(from(text));
      expect(fault.kind).toBe("config");
      expect(fault.message).toContain(message);
      expect(fault.message).toContain(`${path}:schedule`);
    });

  test("tells the faults of all schedules and settings at once", () => {
    const { message } = faultOf(
      from(`port = 99999\n[schedule.a]\ntask = "a"\n[schedule.b]\ncron = "@daily"`),
    );
    for (const part of [":port", ":schedule.a: cron", ":schedule.b: task"]) expect(message).toContain(part);
  });
});
