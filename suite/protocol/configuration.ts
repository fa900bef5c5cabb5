/** @file From what a person gives to a complete configuration. */
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import {
  type Configuration,
  quasiRandomConfigurations,
  type SearchSpace,
} from "../optimizer/search.ts";
import { UsageError } from "./error.ts";
import type { TierProtocol } from "./task.ts";

/** The sizes of a cell. */
export interface CellSizes {
  readonly batchSize: number;
  readonly datasetSize: number;
}

/**
 * Defaults, then what the task fixes in a cell of these sizes for methods that have it, then what was
 * given.
 *
 * @throws UsageError naming the hyperparameter, its value and what is allowed.
 */
export function completeConfiguration(
  optimizer: OptimizerDeclaration,
  protocol: TierProtocol,
  sizes: CellSizes,
  given: Configuration = {},
): Configuration {
  const known = Object.keys(optimizer.hyperparameters.shape);
  const fixed = Object.fromEntries(
    Object.entries({ ...renewalIntervals(optimizer, protocol, sizes), ...protocol.fixed }).filter(
      ([name]) => known.includes(name),
    ),
  );
  const own = protocol.hyperparameters?.shape ?? {};
  const schema = optimizer.hyperparameters.extend(own);
  const parsed = schema.safeParse({ ...fixed, ...given });
  if (parsed.success) return parsed.data as Configuration;
  const [issue] = parsed.error.issues;
  const name = issue?.code === "unrecognized_keys" ? issue.keys.join(", ") : issue?.path.join(".");
  throw new UsageError(
    `Optimizer ${optimizer.id}, hyperparameter "${name}": ${issue?.message}.`,
    `Its hyperparameters: ${[...known, ...Object.keys(own)].join(", ")}.`,
  );
}

const INTERVALS = ["curvatureInterval", "inverseInterval"] as const;

/** Intervals by `renewalsPerEpoch`, where they are longer than the method's own. */
function renewalIntervals(
  { hyperparameters }: OptimizerDeclaration,
  { renewalsPerEpoch }: TierProtocol,
  { batchSize, datasetSize }: CellSizes,
): Configuration {
  if (renewalsPerEpoch === undefined) return {};
  const stepsPerEpoch = Math.floor(datasetSize / batchSize);
  const interval = Math.max(1, Math.round(stepsPerEpoch / renewalsPerEpoch));
  const defaults = hyperparameters.parse({}) as Configuration;
  return Object.fromEntries(
    INTERVALS.map((name) => [name, Math.max(interval, Number(defaults[name] ?? 1))]),
  );
}

/** The method's search space with the task's own dimensions in place of the method's. */
export function searchSpaceOf(
  optimizer: OptimizerDeclaration,
  protocol: TierProtocol,
): SearchSpace {
  const own = Object.keys(protocol.hyperparameters?.shape ?? {});
  const replaced = { ...protocol.search, ...protocol.searchOf?.[optimizer.id] };
  return Object.fromEntries([
    ...Object.entries(optimizer.search).map(([name, dimension]) => [
      name,
      replaced[name] ?? dimension,
    ]),
    ...own.flatMap((name) => (replaced[name] ? [[name, replaced[name]]] : [])),
  ]);
}

/** `count` complete configurations of the shared quasi-random search, over all but what is `held`. */
export function searchedConfigurations(
  optimizer: OptimizerDeclaration,
  protocol: TierProtocol,
  sizes: CellSizes,
  count: number,
  held: Configuration = {},
): Configuration[] {
  const space = Object.entries(searchSpaceOf(optimizer, protocol));
  const searched = Object.fromEntries(space.filter(([name]) => !(name in held)));
  return quasiRandomConfigurations(searched, count).map((given) =>
    completeConfiguration(optimizer, protocol, sizes, { ...given, ...held }),
  );
}
