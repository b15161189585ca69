/** The program section of a service for Supervisor. Pure: the definition says all of it. */
import { collectedLogFile, type ServiceDefinition, stopTimeoutMs, wordsWithEnvFile } from "../definition.ts";

/** Beside the log of today so many older ones. */
const logBackups = 10;

export function confText(service: ServiceDefinition): string {
  const { name, user, workingFolder, executable, secretFiles, dataFolder } = service;
  const environment = [
    // Supervisor changes the account, but leaves root's home in the environment.
    ["HOME", dataFolder] as const,
    ...secretFiles.map(({ variable, path }) => [variable, path] as const),
  ].map(([variable, value]) => `${variable}=${value}`);
  const command = ["/usr/bin/env", ...environment, executable, ...wordsWithEnvFile(service)];
  return `; Written by "fiscaut-tasks service install", which writes it anew.
[program:${name}]
command=${command.map(commandWord).join(" ")}
directory=${literal(workingFolder)}
${user === undefined ? "" : `user=${literal(user)}\n`}autostart=true
; 2 and 78: flags or configuration are wrong, and a restart changes nothing. 75: a stop's drain time was over.
autorestart=unexpected
exitcodes=0,2,75,78
; Before that it counts as not started: an end then, for want of the database, is tried again a second later each time.
startsecs=3
startretries=10000
; It drains first.
stopsignal=TERM
stopwaitsecs=${Math.ceil(stopTimeoutMs(service) / 1000)}
; Only the worker is signalled: it ends what it has started, each program in a process group of its own.
stopasgroup=false
killasgroup=false
umask=027
redirect_stderr=true
stdout_logfile=${literal(collectedLogFile(service))}
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=${logBackups}
`;
}

/** A `%` begins an expansion. */
const literal = (text: string) => text.replaceAll("%", "%%");

/**
 * A word as Python's shlex reads it, with nothing in it that begins a comment for its configparser: a ` #` or ` ;`, in
 * quotes too. So what means anything stands behind a backslash, and so does the bracket of `%(here)s`, which is put in
 * before a `%%` is read.
 */
function commandWord(text: string): string {
  const escaped = literal(text.replaceAll(/[\s"'#;\\(]/g, "\\$&"));
  // A blank at the end of the line would be cut off, and no word at all is none.
  return text === "" || text.endsWith(" ") ? `${escaped}""` : escaped;
}
