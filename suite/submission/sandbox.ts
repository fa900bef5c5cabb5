/**
 * @file Runs a command of a submission where it can do no harm: bubblewrap, with no network, a
 * read-only tree, one writable folder, an empty environment, and limits.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DEFAULT_LIMITS, type Limits, overLimit } from "./limits.ts";

/** Where things lie inside. */
export const INSIDE = { tree: "/crossover", input: "/input", output: "/output" } as const;

/** Gives `work` new folders for a run's input and output, and removes them when it is over. */
export async function withFolders<T>(
  work: (input: string, output: string) => Promise<T>,
): Promise<T> {
  const folders = ["input", "output"].map((kind) =>
    mkdtempSync(join(tmpdir(), `crossover-sandbox-${kind}-`)),
  ) as [string, string];
  try {
    return await work(...folders);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

export interface SandboxRequest {
  /** Program and arguments; `node` is this process's own. */
  readonly command: readonly string[];
  /** Host paths by their name inside; read-only, later ones cover earlier ones. */
  readonly readable: Readonly<Record<string, string>>;
  /** Host folder that appears as `/output`. */
  readonly output: string;
  readonly limits?: Partial<Limits>;
}

export interface SandboxResult {
  /** `exited` by itself, or `stopped` for being over a limit. */
  readonly end: "exited" | "stopped";
  readonly code: number | null;
  /** The limit, in words; only when stopped. */
  readonly reason?: string;
  readonly seconds: number;
  /** The end of what it printed, both streams together: untrusted text. */
  readonly printed: string;
}

/** Printed text that is kept. */
const PRINTED_BYTES = 32 * 1024;
const WATCH_MS = 100;
/** One file may not be larger, whatever the watch sees in time. */
const FILE_BYTES = 512 * 1024 * 1024;

/** Why there is no sandbox here; undefined when there is one. */
export function sandboxProblem(): string | undefined {
  if (process.platform !== "linux") return `bubblewrap needs Linux; this is ${process.platform}`;
  const words = [
    "--ro-bind",
    "/",
    "/",
    "--unshare-all",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "true",
  ];
  const tried = spawnSync("bwrap", words, { encoding: "utf8" });
  if (tried.status === 0) return undefined;
  return tried.error ? "bubblewrap (bwrap) is not installed" : tried.stderr.trim();
}

/**
 * Runs the command inside and waits for its end. What it prints is kept, never passed on.
 *
 * @throws Error when bubblewrap itself cannot start: no sandbox, no run.
 */
export async function runSandboxed(request: SandboxRequest): Promise<SandboxResult> {
  const problem = sandboxProblem();
  if (problem) throw new Error(`No sandbox: ${problem}. Nothing of the submission was run.`);
  const limits = { ...DEFAULT_LIMITS, ...request.limits };
  const began = performance.now();
  const child = spawn("bwrap", bwrapArguments(request, limits), {
    stdio: ["ignore", "pipe", "pipe"],
    env: {},
    // A group of its own: the terminal's Ctrl-C goes to us, and dying with us is bwrap's part.
    detached: false,
  });
  let printed = Buffer.alloc(0);
  const keep = (chunk: Buffer) => {
    printed = Buffer.concat([printed, chunk]).subarray(-PRINTED_BYTES);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let reason: string | undefined;
  const watch = setInterval(() => {
    if (reason !== undefined || child.pid === undefined) return;
    const seconds = (performance.now() - began) / 1000;
    reason =
      seconds > limits.seconds
        ? `more than ${limits.seconds} seconds`
        : overLimit(child.pid, request.output, limits);
    // Its first process takes every other one with it: they share a process namespace.
    if (reason !== undefined) child.kill("SIGKILL");
  }, WATCH_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(() => clearInterval(watch));
  return {
    end: reason === undefined ? "exited" : "stopped",
    code,
    ...(reason !== undefined && { reason }),
    seconds: (performance.now() - began) / 1000,
    printed: printed.toString("utf8"),
  };
}

function bwrapArguments({ command, readable, output }: SandboxRequest, limits: Limits): string[] {
  const node = realpathSync(process.execPath);
  // Node's own prefix, where it is not the system's: its libraries lie beside it.
  const prefix = dirname(dirname(node));
  const [program, ...rest] = command;
  const hasTree = Object.keys(readable).some((path) => path.startsWith(INSIDE.tree));
  return [
    ...[
      "--unshare-all",
      "--unshare-user",
      "--disable-userns",
      "--die-with-parent",
      "--new-session",
      "--clearenv",
    ],
    ...["--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--hostname", "sandbox"],
    ...["--ro-bind", "/usr", "/usr"],
    ...systemLinks(),
    ...(prefix.startsWith("/usr") ? [] : ["--ro-bind", prefix, prefix]),
    ...["--proc", "/proc", "--dev", "/dev"],
    ...["--size", `${256 * 1024 * 1024}`, "--tmpfs", "/tmp"],
    ...optional("/sys/devices/system/cpu"),
    ...["--bind", output, INSIDE.output],
    ...Object.entries(readable).flatMap(([inside, host]) => ["--ro-bind", host, inside]),
    // What bubblewrap made itself is memory that no limit counts: nothing may be written to it.
    ...["--remount-ro", "/dev", "--remount-ro", "/"],
    ...["--chdir", hasTree ? INSIDE.tree : "/"],
    ...["--setenv", "PATH", `${dirname(node)}:/usr/bin:/bin`, "--setenv", "HOME", "/tmp"],
    ...["--setenv", "TMPDIR", "/tmp", "--setenv", "LANG", "C.UTF-8"],
    "--",
    ...["prlimit", `--fsize=${FILE_BYTES}`, "--core=0", "--nofile=4096"],
    ...[`--cpu=${4 * Math.ceil(limits.seconds)}`, "--"],
    program === "node" ? node : (program as string),
    ...rest,
  ];
}

/** `/bin`, `/lib` … are links into `/usr` on most systems, and folders on a few. */
function systemLinks(): string[] {
  return ["/bin", "/sbin", "/lib", "/lib64"].flatMap((path) => {
    if (!existsSync(path)) return [];
    const real = realpathSync(path);
    return real === path ? ["--ro-bind", path, path] : ["--symlink", real.slice(1), path];
  });
}

const optional = (path: string): string[] => (existsSync(path) ? ["--ro-bind", path, path] : []);

/** The trusted tree with the submission's files in their places, as the sandbox sees it. */
export function treeFor(root: string, optimizers: string): Record<string, string> {
  const names = ["node_modules", "package.json", "tsconfig.json", "suite", "tasks"];
  return Object.fromEntries([
    ...names.map((name) => [`${INSIDE.tree}/${name}`, join(root, name)]),
    [`${INSIDE.tree}/optimizers`, optimizers],
  ]);
}
