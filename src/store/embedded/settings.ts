/**
 * How the embedded server is set: a small footprint, full durability, nobody but this machine.
 * They are given on the command line, so that they change with the executable and no file can drift from them.
 */

/** The `-c name=value` arguments of a server at `port`. None of them is a secret. */
export function serverArguments(port: number): string[] {
  return Object.entries({ ...serverSettings, port }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

const serverSettings = {
  cluster_name: "fiscaut-tasks", // seen in the process list
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "", // a socket's path is limited to 107 bytes, a data folder's is not
  max_connections: 100,

  // Memory: a backlog of 100,000 tasks fits in; pages that nobody has used take none.
  shared_buffers: "128MB",
  io_method: "sync", // saves the three I/O workers of Postgres 18
  max_logical_replication_workers: 0, // and the launcher
  max_parallel_workers_per_gather: 0,
  jit: "off",

  // Durability is Postgres's default (fsync, synchronous_commit, full_page_writes). Nobody replicates from here.
  wal_level: "minimal",
  max_wal_senders: 0,
  // A queue's tables turn over by the second; waiting a minute lets dead rows pile up.
  autovacuum_naptime: "10s",

  timezone: "UTC",
  log_checkpoints: "off", // every five minutes, in a log that nobody rotates while the server runs
};
