import { describeConformance } from "../suite/optimizer/conformance.ts";
import { describeElementwise } from "../suite/optimizer/testing/elementwise.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./sgd.ts";

describeGoldenSteps("sgd", file);
describeGoldenSteps("nesterov", file);
describeConformance(file);
describeElementwise(file.sgd);
describeElementwise(file.nesterov);
describeOracle("sgd", file);
describeOracle("nesterov", file);
