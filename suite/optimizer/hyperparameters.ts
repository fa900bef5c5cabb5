/** @file Hyperparameters that methods share, so that one name means one thing everywhere. */
import { z } from "zod";

interface Meaning {
  readonly symbol: string;
  /** "1" for pure numbers. */
  readonly unit: string;
  readonly description: string;
}

/** Attaches symbol, unit and meaning to a hyperparameter's schema. */
export function hyper<T extends z.ZodType>(schema: T, meaning: Meaning): T {
  return schema.meta({ ...meaning });
}

export const learningRate = (byDefault: number) =>
  hyper(z.number().positive().max(1000).default(byDefault), {
    symbol: "\\eta",
    unit: "1",
    description: "learning rate before the schedule",
  });

export const momentum = (byDefault = 0.9) =>
  hyper(z.number().min(0).lt(1).default(byDefault), {
    symbol: "\\mu",
    unit: "1",
    description: "momentum",
  });

export const weightDecay = (byDefault: number) =>
  hyper(z.number().min(0).max(1).default(byDefault), {
    symbol: "\\omega",
    unit: "1",
    description: "weight decay",
  });

export const clipNorm = (byDefault = 10) =>
  hyper(z.number().positive().default(byDefault), {
    symbol: "c",
    unit: "gradient norm",
    description: "global norm above which the (preconditioned) gradient is scaled down",
  });

export const damping = (byDefault: number, least = 0) =>
  hyper(z.number().min(least).max(1e6).default(byDefault), {
    symbol: "\\lambda",
    unit: "curvature",
    description: "damping",
  });

/** Steps 1 to 5 of the shared pipeline, for every method that preconditions. */
export const pipelineHyperparameters = (rate = 0.1) => ({
  learningRate: learningRate(rate),
  momentum: momentum(),
  weightDecay: weightDecay(1e-5),
  clipNorm: clipNorm(),
});

/** How often statistics and inverses are refreshed, with Table 2's denser start. */
export const intervalHyperparameters = (curvature = 1, inverse = 1) => ({
  curvatureInterval: hyper(z.number().int().positive().default(curvature), {
    symbol: "T_c",
    unit: "steps",
    description: "curvature interval",
  }),
  inverseInterval: hyper(z.number().int().positive().default(inverse), {
    symbol: "T_i",
    unit: "steps",
    description: "inverse interval",
  }),
  earlyShare: hyper(z.number().min(0).max(1).default(0), {
    symbol: "P",
    unit: "share of training",
    description: "first share of training, in which inverses follow earlyInterval",
  }),
  earlyInterval: hyper(z.number().int().positive().default(10), {
    symbol: "T_e",
    unit: "steps",
    description: "inverse interval during the early share",
  }),
});

/** How a statistic remembers earlier batches. */
export const statisticsHyperparameters = (byDefault: "batch" | "ema") => ({
  statistics: hyper(z.enum(["batch", "ema"]).default(byDefault), {
    symbol: "",
    unit: "1",
    description: "batch: the last batch only (local); ema: moving average (global)",
  }),
  emaRate: hyper(z.number().gt(0).max(1).default(0.05), {
    symbol: "\\rho",
    unit: "1",
    description: "weight of the new batch in the moving average",
  }),
});

/** Whether a bias is a layer's last input row or stands apart as the method says. */
export const biasTreatment = <T extends string>(apart: T, description: string) =>
  hyper(z.enum([apart, "homogeneous"]).default(apart as never), {
    symbol: "",
    unit: "1",
    description: `${apart}: ${description}; homogeneous: joined to the weight, for inputs [h, 1]`,
  });

/** Arithmetic of inverses and roots, where the backend has a choice. */
export const precision = () =>
  hyper(z.enum(["float32", "float64"]).default("float32"), {
    symbol: "",
    unit: "1",
    description: "arithmetic inside inverses and roots, where the backend offers float64",
  });

/** Whether to follow the mathematics or the paper's library to the letter. */
export const variant = (difference: string) =>
  hyper(z.enum(["corrected", "asdl"]).default("corrected"), {
    symbol: "",
    unit: "1",
    description: `corrected: as published; asdl: as the paper's library, which ${difference}`,
  });
