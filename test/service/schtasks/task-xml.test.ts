/** The task's XML against the rules of Task Scheduler's schema 1.2, as Microsoft's documentation of it gives them. */
import { describe, expect, test } from "bun:test";
import { stopWords } from "../../../src/service/schtasks/schtasks.ts";
import { taskXml } from "../../../src/service/schtasks/task-xml.ts";
import { splitCommandLine } from "../../../src/service/windows/words.ts";
import { windowsService } from "../windows/definition.ts";

interface Element {
  name: string;
  attributes: string;
  children: Element[];
  text: string;
}

/** `sequence`: in this order. `all`: in any, each once. */
type Rule = { kind: "sequence" | "all"; children: Record<string, Rule | RegExp>; required?: string[] };

const boolean = /^(true|false)$/;
const anyText = /^[\s\S]+$/;
/** Of at least a minute, as the schema bounds it. */
const interval = /^PT\d+M$/;
const trigger = (own: Record<string, RegExp>, required: string[] = []): Rule => ({
  kind: "sequence",
  required,
  children: {
    Enabled: boolean,
    StartBoundary: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
    EndBoundary: anyText,
    Repetition: {
      kind: "all",
      required: ["Interval"],
      children: { Interval: interval, Duration: interval, StopAtDurationEnd: boolean },
    },
    ExecutionTimeLimit: /^P/,
    ...own,
  },
});

const schema: Rule = {
  kind: "all",
  required: ["Actions"],
  children: {
    RegistrationInfo: { kind: "all", children: { Description: anyText, Author: anyText, URI: anyText } },
    Triggers: {
      kind: "sequence",
      children: {
        BootTrigger: trigger({ Delay: /^P/ }),
        TimeTrigger: trigger({ RandomDelay: /^P/ }, ["StartBoundary"]),
      },
    },
    Principals: {
      kind: "sequence",
      required: ["Principal"],
      children: {
        Principal: {
          kind: "all",
          children: {
            UserId: anyText,
            LogonType: /^(S4U|Password|InteractiveToken|InteractiveTokenOrPassword)$/,
            GroupId: anyText,
            DisplayName: anyText,
            RunLevel: /^(LeastPrivilege|HighestAvailable)$/,
          },
        },
      },
    },
    Settings: {
      kind: "all",
      children: {
        AllowStartOnDemand: boolean,
        RestartOnFailure: {
          kind: "all",
          required: ["Interval", "Count"],
          // An unsignedByte, and at least 1.
          children: { Interval: interval, Count: /^([1-9]\d?|1\d\d|2[0-4]\d|25[0-5])$/ },
        },
        MultipleInstancesPolicy: /^(Parallel|Queue|IgnoreNew|StopExisting)$/,
        DisallowStartIfOnBatteries: boolean,
        StopIfGoingOnBatteries: boolean,
        AllowHardTerminate: boolean,
        StartWhenAvailable: boolean,
        NetworkProfileName: anyText,
        RunOnlyIfNetworkAvailable: boolean,
        WakeToRun: boolean,
        Enabled: boolean,
        Hidden: boolean,
        DeleteExpiredTaskAfter: /^P/,
        IdleSettings: {
          kind: "all",
          children: {
            Duration: interval,
            WaitTimeout: interval,
            StopOnIdleEnd: boolean,
            RestartOnIdle: boolean,
          },
        },
        ExecutionTimeLimit: /^P/,
        Priority: /^(\d|10)$/,
        RunOnlyIfIdle: boolean,
        UseUnifiedSchedulingEngine: boolean,
        DisallowStartOnRemoteAppSession: boolean,
      },
    },
    Actions: {
      kind: "sequence",
      required: ["Exec"],
      children: {
        Exec: {
          kind: "all",
          required: ["Command"],
          children: { Command: anyText, Arguments: anyText, WorkingDirectory: anyText },
        },
      },
    },
  },
};

const service = {
  ...windowsService,
  secretFiles: [],
  words: windowsService.words.map((word) => word.replace('a"b & c', 'a"b & <c>')),
};

function parse(xml: string): Element {
  const root: Element = { name: "", attributes: "", children: [], text: "" };
  const open = [root];
  for (const [, close, name = "", attributes = "", text = ""] of xml
    .replace(/^<\?xml[^>]*\?>/, "")
    .matchAll(/<(\/?)([A-Za-z]+)([^>]*)>([^<]*)/g)) {
    const parent = open.at(-1);
    if (close === "/") {
      expect(parent?.name).toBe(name);
      open.pop();
      continue;
    }
    const element = { name, attributes, children: [], text };
    parent?.children.push(element);
    open.push(element);
  }
  expect(open).toHaveLength(1);
  return root.children[0] as Element;
}

function check({ name, children }: Element, rule: Rule): void {
  const names = children.map((child) => child.name);
  const known = Object.keys(rule.children);
  for (const required of rule.required ?? []) expect(names).toContain(required);
  expect(new Set(names).size, `${name}: each once`).toBe(names.length);
  if (rule.kind === "sequence")
    expect(names, `${name}: in order`).toEqual(known.filter((each) => names.includes(each)));
  for (const child of children) {
    const of = rule.children[child.name];
    if (of === undefined) throw new Error(`${name} has no ${child.name}`);
    if (of instanceof RegExp) expect(child.text, `${name}/${child.name}`).toMatch(of);
    else check(child, of);
  }
}

const valueIn = (xml: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

describe("the task", () => {
  test("keeps the schema's rules, with Windows' own account and with somebody's", () => {
    for (const user of [undefined, "ESCRITORIO\\José & filhos"]) {
      const task = parse(taskXml({ ...service, user }));
      expect(task.name).toBe("Task");
      expect(task.attributes).toContain('version="1.2"');
      expect(task.attributes).toContain('xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"');
      check(task, schema);
    }
  });

  test("runs for ever, on battery too, once, and whether somebody is logged on or not", () => {
    const xml = taskXml(service);
    expect(valueIn(xml, "ExecutionTimeLimit")).toBe("PT0S");
    expect(valueIn(xml, "DisallowStartIfOnBatteries")).toBe("false");
    expect(valueIn(xml, "StopIfGoingOnBatteries")).toBe("false");
    expect(valueIn(xml, "RunOnlyIfIdle")).toBe("false");
    expect(valueIn(xml, "MultipleInstancesPolicy")).toBe("IgnoreNew");
    expect(valueIn(xml, "UserId")).toBe("S-1-5-19");
    expect(valueIn(xml, "LogonType")).toBeUndefined();
    expect(valueIn(taskXml({ ...service, user: "ESCRITORIO\\fiscal" }), "LogonType")).toBe("S4U");
  });

  test("holds the worker's words, which its stop reads again", () => {
    const xml = taskXml(service);
    const plain = (valueIn(xml, "Arguments") ?? "")
      .replaceAll("&quot;", '"')
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");
    expect(splitCommandLine(plain)).toEqual([
      ...service.words,
      "--env-file",
      service.envFile ?? "",
      "--log-file",
      "C:\\Dados da contábil\\logs\\fiscaut-tasks.log",
    ]);
    expect(stopWords(xml)).toEqual([
      service.executable,
      "stop",
      "--wait",
      "--data-dir",
      "C:\\Dados da contábil\\",
      "--env-file",
      service.envFile ?? "",
    ]);
  });

  test("is refused where Task Scheduler would change a value or has no place for it", () => {
    const words = (...more: string[]) => ({ ...service, words: ["run", ...more] });
    expect(() => taskXml(words("--handlers", "C:\\%TEMP%"))).toThrow("would replace %TEMP%");
    expect(() => taskXml(words("--handlers", "C:\\$(Arg0)"))).toThrow("would replace $(Arg0)");
    expect(() => taskXml(windowsService)).toThrow("--secret-file");
  });
});
