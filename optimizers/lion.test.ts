import { describeConformance } from "../suite/optimizer/conformance.ts";
import { describeElementwise } from "../suite/optimizer/testing/elementwise.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./lion.ts";

describeGoldenSteps("lion", file);
describeElementwise(file.lion);
describeConformance(file);
describeOracle("lion", file, { stateName: (name) => name.replace(/\.m$/, ".momentum") });
