/** @file What a declaration must be: checked when an optimizer file loads, whoever wrote it. */
import { z } from "zod";
import type { SearchDimension } from "./search.ts";

const slug = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "lower-case letters, digits and single hyphens");
const words = z.string().min(1, "some text");
const flag = z.boolean().optional();
const aFunction = z.custom((value) => typeof value === "function", "a function");
const value = z.union([z.number(), z.string(), z.boolean()]);

export const FAMILIES = ["first-order", "large-batch", "second-order", "orthogonal"] as const;

const range = (kind: "uniform" | "log-uniform", low: z.ZodNumber) =>
  z
    .strictObject({ kind: z.literal(kind), low, high: z.number() })
    .refine(({ low, high }) => low < high, "low below high");

const dimension = z.union(
  [
    range("log-uniform", z.number().positive()),
    range("uniform", z.number()),
    z.strictObject({ kind: z.literal("choice"), values: z.array(value).min(1) }),
  ],
  "logUniform(low, high) with 0 < low < high, uniform(low, high), or choice(…)",
);

const declarationSchema = z.strictObject({
  id: slug,
  name: words,
  family: z.enum(FAMILIES),
  version: z.number().int().positive(),
  order: z.number(),
  summary: words,
  rule: z.array(words).min(1, "at least one line of TeX"),
  citation: z.strictObject({
    authors: words,
    title: words,
    year: z.number().int().min(1800),
    url: z.url(),
  }),
  needs: z.strictObject({
    layerInputs: flag,
    outputGradients: flag,
    sampledLabels: flag,
    hessianVectors: flag,
    secondPass: flag,
  }),
  hyperparameters: z.custom((given) => given instanceof z.ZodObject, "a z.strictObject({…})"),
  search: z.record(z.string(), dimension),
  paperGrid: z.record(z.string(), z.array(value).min(1)).optional(),
  schedule: z.enum(["task", "constant"]),
  cost: aFunction,
  create: aFunction,
});

interface Searchable {
  readonly hyperparameters: z.ZodObject;
  readonly search: Readonly<Record<string, SearchDimension>>;
  readonly paperGrid?: Readonly<Record<string, readonly unknown[]>>;
}

/** What is wrong with a declaration, one line per field; empty when nothing is. */
export function declarationIssues(declaration: object): string[] {
  const parsed = declarationSchema.safeParse(declaration);
  if (!parsed.success) {
    return parsed.error.issues.map(
      ({ path, message }) => `field "${path.join(".") || "(all)"}": ${message}`,
    );
  }
  const checked = declaration as Searchable;
  return [...hyperparameterIssues(checked), ...searchIssues(checked)];
}

/** Every hyperparameter has a default, and says its symbol, unit and meaning. */
function hyperparameterIssues({ hyperparameters }: Searchable): string[] {
  return Object.entries(hyperparameters.shape).flatMap(([name, schema]) => {
    const field = `field "hyperparameters.${name}"`;
    const meaning = z.globalRegistry.get(schema as z.ZodType) as Record<string, unknown>;
    const missing = ["symbol", "unit", "description"].filter(
      (key) => typeof meaning?.[key] !== "string",
    );
    return [
      ...((schema as z.ZodType).safeParse(undefined).success
        ? []
        : [`${field}: needs a default, .default(…)`]),
      ...(missing.length > 0
        ? [`${field}: lacks ${missing.join(", ")}; wrap it in hyper(schema, {…})`]
        : []),
    ];
  });
}

/** Search space and paper grid name hyperparameters, at values that their schemas allow. */
function searchIssues({ hyperparameters, search, paperGrid = {} }: Searchable): string[] {
  const valuesOf = (where: SearchDimension) =>
    where.kind === "choice" ? where.values : [where.low, where.high];
  const given = [
    ...Object.entries(search).map(([name, where]) => ["search", name, valuesOf(where)] as const),
    ...Object.entries(paperGrid).map(([name, values]) => ["paperGrid", name, values] as const),
  ];
  const known = Object.keys(hyperparameters.shape);
  return given.flatMap(([space, name, values]) => {
    const schema = hyperparameters.shape[name] as z.ZodType | undefined;
    const field = `field "${space}.${name}"`;
    if (!schema) return [`${field}: is none of its hyperparameters: ${known.join(", ")}`];
    return values.flatMap((one) => {
      const result = schema.safeParse(one);
      return result.success ? [] : [`${field}: ${one}: ${result.error.issues[0]?.message}`];
    });
  });
}
