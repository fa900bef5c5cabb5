import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./kfac.ts";

describeOracle("kfac", file, {
  // The last batch's factors live for one step only.
  stateName: (name, { id }) =>
    id === "kfac-local" && /\.[AB](\.updates)?$/.test(name) ? null : name,
});
