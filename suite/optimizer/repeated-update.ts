/** @file The update of a step, called until it repeats itself, and from then on only recorded. */
import type * as tf from "@tensorflow/tfjs-core";
import { Repetition } from "../engine/repetition.ts";
import type { Parameter } from "../nn/parameter.ts";
import type { OptimizerState } from "./state.ts";

/** One optimizer's update, which assigns to parameters and state. */
export class RepeatedUpdate {
  /** Described by which variables were assigned to. */
  private readonly repetition = new Repetition<readonly number[]>();

  constructor(
    private readonly parameters: readonly Parameter[],
    private readonly state: OptimizerState,
  ) {}

  /**
   * `update()`, in a tidy, and what it returns. It may depend on nothing but the parameters, the state and
   * what is given.
   */
  run(given: readonly tf.Tensor[], update: () => tf.Tensor[]): tf.Tensor[] {
    const parameters = this.parameters.map(({ variable }) => variable);
    const variables = [...parameters, ...this.state.tensors().values()];
    // What they hold now: an assignment puts another tensor behind the same variable.
    const before = variables.map(({ dataId, shape, dtype }) => ({ dataId, shape, dtype }));
    const { tensors, description } = this.repetition.call([...given, ...before], () => {
      const results = update();
      const assigned = variables.flatMap(({ dataId }, i) =>
        dataId === before[i]?.dataId ? [] : [i],
      );
      const held = assigned.map((i) => variables[i] as tf.Variable);
      return { tensors: [...held, ...results], description: assigned };
    });
    description.forEach((i, k) => {
      const [variable, value] = [variables[i] as tf.Variable, tensors[k] as tf.Tensor];
      if (value !== variable) variable.assign(value);
    });
    return tensors.slice(description.length);
  }
}
