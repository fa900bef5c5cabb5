import { describeConformance } from "../suite/optimizer/conformance.ts";
import { describeElementwise } from "../suite/optimizer/testing/elementwise.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./adamw.ts";

describeGoldenSteps("adamw", file);
describeGoldenSteps("adam", file);

/** t is the step count, which the trial keeps. */
const stateName = (name: string) =>
  name === "t" ? null : name.replace(/\.m$/, ".firstMoment").replace(/\.v$/, ".secondMoment");
describeConformance(file);
describeElementwise(file.adamw);
describeElementwise(file.adam);
describeOracle("adamw", file, { stateName });
describeOracle("adam", file, { stateName });
