/** @file What a submitted optimizer file says of itself, found out in the sandbox. */
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  type Cell,
  type Hyperparameters,
  hyperparametersSchema,
  type Tier,
} from "../results/schema.ts";
import type { Knowledge } from "../results/validate.ts";
import { type Finding, refused } from "./refusal.ts";
import { INSIDE, runSandboxed, type SandboxResult, withFolders } from "./sandbox.ts";

/** Is this configuration one of this optimizer's? */
export interface ConfigurationQuestion {
  readonly optimizer: string;
  readonly task: string;
  readonly tier: Tier;
  readonly hyperparameters: Hyperparameters;
}

const short = z.string().max(200);

export const declaredSchema = z.strictObject({
  optimizers: z
    .array(
      z.strictObject({
        id: z.string().max(60),
        name: short,
        family: short,
        version: z.number().int().positive(),
        paper: short,
      }),
    )
    .min(1)
    .max(20),
  /** One answer per question: null, or what is wrong. */
  problems: z.array(z.string().max(2000).nullable()),
  /** Complete configurations of tier `smoke`. */
  defaults: z
    .array(
      z.strictObject({ optimizer: short, task: short, hyperparameters: hyperparametersSchema }),
    )
    .max(200),
});

export type Declared = z.infer<typeof declaredSchema>;

const ID = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const MAX_DECLARED_BYTES = 1024 * 1024;

/** Imports `optimizers/<name>.ts` in the sandbox and asks it. */
export async function askDeclarations(
  name: string,
  readable: Readonly<Record<string, string>>,
  questions: readonly ConfigurationQuestion[],
): Promise<{ declared?: Declared; run: SandboxResult; findings: Finding[] }> {
  return withFolders(async (input, output) => {
    writeFileSync(join(input, "configurations.json"), JSON.stringify(questions));
    const file = `optimizers/${name}.ts`;
    const run = await runSandboxed({
      command: [
        ...["node", "--import", "tsx", "suite/submission/inside/declare.ts"],
        ...[name, `${INSIDE.input}/configurations.json`, INSIDE.output],
      ],
      readable: { ...readable, [INSIDE.input]: input },
      output,
      limits: { seconds: 60 },
    });
    const answer = join(output, "declared.json");
    if (run.end === "stopped") {
      return { run, findings: [refused("does not load", file, `stopped: ${run.reason}`)] };
    }
    const text = existsSync(answer) ? plainText(answer) : undefined;
    const parsed = declaredSchema.safeParse(parseJson(text));
    if (!parsed.success || parsed.data.problems.length !== questions.length) {
      const message = "importing it did not end with the declarations of its optimizers";
      return { run, findings: [refused("does not load", file, message)] };
    }
    return { declared: parsed.data, run, findings: [] };
  });
}

/** Undefined for anything but a plain file of a sensible size. */
export function plainText(file: string, most = MAX_DECLARED_BYTES): string | undefined {
  const entry = lstatSync(file, { throwIfNoEntry: false });
  return entry?.isFile() && entry.size <= most ? readFileSync(file, "utf8") : undefined;
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

/** Ids that another file owns, or that are no ids. */
export function declarationFindings(
  name: string,
  { optimizers }: Declared,
  owners: ReadonlyMap<string, string>,
): Finding[] {
  const where = `optimizers/${name}.ts`;
  return optimizers.flatMap(({ id }) => {
    if (!ID.test(id)) return [refused("id", where, `"${id}" is no id: my-method, my-method-2`)];
    const owner = owners.get(id);
    if (owner === undefined || owner === name) return [];
    return [refused("taken id", where, `the id "${id}" belongs to optimizers/${owner}.ts`)];
  });
}

/** The base's knowledge, with the submitted file's own answers for its own optimizers. */
export function joinedKnowledge(
  base: Knowledge,
  owned: readonly string[],
  declared: Declared,
  questions: readonly ConfigurationQuestion[],
): Knowledge {
  const answers = new Map(
    questions.map((question, i) => [keyOf(question), declared.problems[i] ?? undefined]),
  );
  const versions = new Map(declared.optimizers.map(({ id, version }) => [id, version]));
  return {
    task: base.task,
    optimizer: (id) => {
      const version = versions.get(id);
      if (version === undefined) return owned.includes(id) ? undefined : base.optimizer(id);
      return {
        version,
        problem: (hyperparameters) => answers.get(keyOf({ optimizer: id, hyperparameters })),
      };
    },
  };
}

const keyOf = ({
  optimizer,
  hyperparameters,
}: Pick<ConfigurationQuestion, "optimizer" | "hyperparameters">): string =>
  JSON.stringify([optimizer, Object.entries(hyperparameters).sort()]);

/** What to ask about the trials of result files that have the right shape at least. */
export function questionsOf(
  files: readonly {
    readonly cell: Cell;
    readonly trials: readonly { hyperparameters: Hyperparameters }[];
  }[],
): ConfigurationQuestion[] {
  const questions = files.flatMap(({ cell, trials }) =>
    trials.map(({ hyperparameters }) => {
      const { optimizer, task, tier } = cell;
      return { optimizer, task, tier, hyperparameters };
    }),
  );
  return [...new Map(questions.map((one) => [JSON.stringify(one), one])).values()];
}
