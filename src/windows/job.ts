/**
 * Job Objects: a process and all that it starts from then on, which Windows ends together, at the latest with this
 * process, however that ends. Which processes want one is the caller's affair.
 */
import { kernel32 } from "./api.ts";

const extendedLimitInformation = 9;
/** Of the structure for 64-bit Windows, and where its flags lie. */
const limitsSize = 144;
const flagsAt = 16;
const killOnJobClose = 0x2000;
/** A program that wants to outlive its starter may say so, as by `setsid` elsewhere; refused it, some would not start. */
const breakawayOk = 0x800;
const setQuotaAndTerminate = 0x100 | 0x1;

export interface Job {
  /** Ends all of it at once. */
  end(): void;
  /** Ends what is left of it, and gives it up. */
  close(): void;
}

/** Puts a child that has just been started into a job of its own; undefined when it has ended already. */
export function openJob(pid: number): Job | undefined {
  const { CreateJobObjectW, SetInformationJobObject, AssignProcessToJobObject } = kernel32();
  const { OpenProcess, TerminateJobObject, CloseHandle } = kernel32();
  const job = CreateJobObjectW(0n, 0n);
  if (job === 0n) return undefined;
  const limits = new Uint8Array(limitsSize);
  new DataView(limits.buffer).setUint32(flagsAt, killOnJobClose | breakawayOk, true);
  SetInformationJobObject(job, extendedLimitInformation, limits, limitsSize);
  const child = OpenProcess(setQuotaAndTerminate, 0, pid);
  const assigned = child !== 0n && AssignProcessToJobObject(job, child) !== 0;
  if (child !== 0n) CloseHandle(child);
  if (!assigned) {
    CloseHandle(job);
    return undefined;
  }
  return {
    end: () => void TerminateJobObject(job, 1),
    close: () => void CloseHandle(job),
  };
}
