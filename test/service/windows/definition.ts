/** A service on Windows whose every value needs care. */
import type { ServiceDefinition } from "../../../src/service/definition.ts";

export const windowsService: ServiceDefinition = {
  platform: "win32",
  name: "fiscaut-tasks",
  title: "Tarefas do Fiscaut",
  description: 'Executa as "tarefas" em segundo plano',
  executable: "C:\\Program Files\\fiscaut-tasks\\fiscaut-tasks.exe",
  words: [
    "run",
    "--data-dir",
    "C:\\Dados da contábil\\",
    "--queue",
    'a"b & c',
    "--handlers",
    "C:\\100%\\rotinas",
  ],
  user: undefined,
  envFile: "C:\\Domínio Sistemas\\variáveis.env",
  configFile: undefined,
  secretFiles: [{ variable: "FISCAUT_API_KEY_FILE", path: "C:\\Chaves (2)\\fiscaut.txt" }],
  dataFolder: "C:\\Dados da contábil",
  logFolder: "C:\\Dados da contábil\\logs",
  logFile: undefined,
  workingFolder: "C:\\Dados da contábil",
  drainTimeoutMs: 120_000,
};
