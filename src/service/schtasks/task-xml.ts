/** A service as a task of Windows' Task Scheduler, after its schema 1.2. Pure: the definition says all of it. */
import { OperatorError } from "../../task/errors.ts";
import { type ServiceDefinition, wordsWithLogFile } from "../definition.ts";
import { sidOf } from "../windows/account.ts";
import { commandLine, rejectVariables } from "../windows/words.ts";

/** LocalService: of the accounts that run without anybody's password the one with the fewest rights. */
export const defaultTaskAccount = "NT AUTHORITY\\LocalService";

/** Task Scheduler takes no end of a program for a failure, whatever its exit code: that a minute's look cures, too. */
const lookAgain = "PT1M";
/** The schema's most. */
const mostRestarts = 255;
/** Of an ordinary program; a task's default is below that. */
const normalPriority = 5;

export function taskXml(service: ServiceDefinition): string {
  const { title, description, executable, workingFolder } = service;
  rejectSecretFiles(service);
  const parameters = commandLine(wordsWithLogFile(service));
  for (const path of [executable, parameters, workingFolder]) rejectReplaced(path);
  return `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>${text(`${title}: ${description}`)}</Description>
  </RegistrationInfo>
  <Triggers>
    <BootTrigger>
      <Enabled>true</Enabled>
    </BootTrigger>
    <TimeTrigger>
      <Enabled>true</Enabled>
      <StartBoundary>2020-01-01T00:00:00</StartBoundary>
      <Repetition>
        <Interval>${lookAgain}</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
    </TimeTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
${principal(service)}
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <IdleSettings>
      <StopOnIdleEnd>false</StopOnIdleEnd>
      <RestartOnIdle>false</RestartOnIdle>
    </IdleSettings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <RunOnlyIfIdle>false</RunOnlyIfIdle>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>${normalPriority}</Priority>
    <RestartOnFailure>
      <Interval>${lookAgain}</Interval>
      <Count>${mostRestarts}</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${text(executable)}</Command>
      <Arguments>${text(parameters)}</Arguments>
      <WorkingDirectory>${text(workingFolder)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
`.replaceAll("\n", "\r\n");
}

/** Windows' own accounts are named by their SID and log on by themselves; another one does so without its password. */
function principal({ user = defaultTaskAccount }: ServiceDefinition): string {
  const sid = sidOf(user);
  if (sid !== undefined) return `      <UserId>${sid}</UserId>`;
  return `      <UserId>${text(user)}</UserId>\n      <LogonType>S4U</LogonType>`;
}

function rejectSecretFiles({ secretFiles }: ServiceDefinition): void {
  const [first] = secretFiles;
  if (first === undefined) return;
  throw new OperatorError(
    "usage",
    "Task Scheduler hands no variables to a task: --secret-file can't be used",
    {
      hint: `--env-file with a file that has the line ${first.variable}=${first.path}`,
    },
  );
}

/** `$(Name)` is Task Scheduler's own way to write a variable. */
function rejectReplaced(value: string): void {
  rejectVariables("Task Scheduler", value);
  const variable = /\$\([^)]*\)/.exec(value)?.[0];
  if (variable === undefined) return;
  throw new OperatorError("usage", `Task Scheduler would replace ${variable}, and can't be told not to`);
}

const text = (value: string) =>
  value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
