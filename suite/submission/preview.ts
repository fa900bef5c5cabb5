/**
 * @file The site as it would be with a submission's results, for an artifact. Its pages import the
 * optimizers' declarations, so it is built in the sandbox.
 */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { INSIDE, runSandboxed } from "./sandbox.ts";

/** Astro and Vite write beside their sources, so the tree is a copy in the writable folder. */
const COPIED = ["site", "suite", "tasks", "results", "paper", "package.json", "tsconfig.json"];

export interface PreviewRequest {
  readonly root: string;
  /** The optimizers' folder with the submission's files in it. */
  readonly optimizers: string;
  /** Result files of the submission by their path in the repository. */
  readonly results: ReadonlyMap<string, string>;
  /** Gets the pages. */
  readonly out: string;
}

/** Builds the site. Returns whether it could be built; nobody's submission depends on it. */
export async function buildPreview({
  root,
  optimizers,
  results,
  out,
}: PreviewRequest): Promise<boolean> {
  if (!existsSync(join(root, "site"))) return false;
  const output = mkdtempSync(join(tmpdir(), "crossover-preview-"));
  const tree = join(output, "tree");
  try {
    for (const name of COPIED.filter((one) => existsSync(join(root, one)))) {
      cpSync(join(root, name), join(tree, name), {
        recursive: true,
        filter: (path) => !path.endsWith("node_modules"),
      });
    }
    cpSync(optimizers, join(tree, "optimizers"), { recursive: true });
    mkdirSync(join(tree, "node_modules"));
    for (const [path, text] of results) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), text);
    }
    // Vite asks for the address of its own machine.
    writeFileSync(join(output, "hosts"), "127.0.0.1 localhost\n");
    const inside = `${INSIDE.output}/tree`;
    const { code } = await runSandboxed({
      command: [
        ...["node", `${inside}/node_modules/astro/astro.js`, "build"],
        ...["--root", `${inside}/site`, "--outDir", `${inside}/site/dist`],
      ],
      readable: {
        [`${inside}/node_modules`]: join(root, "node_modules"),
        "/etc/hosts": join(output, "hosts"),
      },
      output,
      limits: { seconds: 600, outputBytes: 1024 ** 3 },
    });
    if (code !== 0 || !existsSync(join(tree, "site/dist/index.html"))) return false;
    copyPlain(join(tree, "site/dist"), out);
    return true;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** Folders and plain files alone: a link would be followed by whoever packs the copy. */
export function copyPlain(from: string, to: string): void {
  const isPlain = (path: string) => {
    const entry = lstatSync(path);
    return entry.isDirectory() || entry.isFile();
  };
  cpSync(from, to, { recursive: true, filter: isPlain });
}
