/**
 * @file Gradients by walking the tape backwards: tfjs's algorithm, with sets of ids where tfjs fills
 * objects keyed by ever growing ids, and without a copy of the tape.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Internals, TapeNode } from "./internals.ts";

/** ∂f/∂x for each x; also serves f that call it again, for higher derivatives. */
export function leanGradients(engine: Internals): Internals["gradients"] {
  return (f, xs, dy, allowNoGradients = false) => {
    tf.util.assert(xs.length > 0, () => "gradients() received an empty list of xs.");
    if (dy && dy.dtype !== "float32") {
      throw new Error(`dy must have 'float32' dtype, but has '${dy.dtype}'`);
    }
    const y = record(engine, f);
    tf.util.assert(y instanceof tf.Tensor, () => "The result y returned by f() must be a tensor.");
    const tape = engine.state.activeTape as TapeNode[];
    const fromX = reachedFrom(tape, xs);
    const path = nodesTo(tape, y, fromX);
    if (!allowNoGradients && path.length === 0) {
      throw new Error(
        "Cannot compute gradient of y=f(x) with respect to x. Make sure that the f you passed encloses all operations that lead from x to y.",
      );
    }
    return inScope(engine, "backward", () => {
      const gradients = new Map([[y.id, dy ?? tf.ones(y.shape)]]);
      for (let i = path.length - 1; i >= 0; i--) {
        propagate(engine, path[i] as TapeNode, fromX, gradients);
      }
      const grads = xs.map((x) => gradients.get(x.id) as tf.Tensor);
      if (engine.state.gradientDepth === 0) dropTape(engine, tape);
      return { value: y, grads };
    });
  };
}

function record(engine: Internals, f: () => tf.Tensor): tf.Tensor {
  engine.startTape();
  try {
    return inScope(engine, "forward", f);
  } finally {
    engine.endTape();
  }
}

/** Runs `work` in a scope of its own, as `tidy` does. */
export function inScope<T>(engine: Internals, name: string, work: () => T): T {
  engine.startScope(name);
  let result: T | undefined;
  try {
    result = work();
    return result;
  } finally {
    engine.endScope(result);
  }
}

/** Ids of all tensors on the tape that are a function of some x, and of the xs. */
function reachedFrom(tape: readonly TapeNode[], xs: readonly tf.Tensor[]): Set<number> {
  const reached = new Set(xs.map(({ id }) => id));
  for (const { inputs, outputs } of tape) {
    for (const name in inputs) {
      if (!reached.has((inputs[name] as tf.Tensor).id)) continue;
      for (const output of outputs) reached.add(output.id);
      break;
    }
  }
  return reached;
}

/** The nodes between the xs and y, in the tape's order. */
function nodesTo(tape: readonly TapeNode[], y: tf.Tensor, fromX: ReadonlySet<number>): TapeNode[] {
  const leading = new Set([y.id]);
  const path: TapeNode[] = [];
  for (let i = tape.length - 1; i >= 0; i--) {
    const node = tape[i] as TapeNode;
    if (!node.outputs.some(({ id }) => leading.has(id))) continue;
    let isFromX = false;
    for (const name in node.inputs) {
      const { id } = node.inputs[name] as tf.Tensor;
      leading.add(id);
      isFromX ||= fromX.has(id);
    }
    if (isFromX) path.push(node);
  }
  return path.reverse();
}

/** Adds what one node's output gradients contribute to the gradients of its inputs. */
function propagate(
  engine: Internals,
  { kernelName, inputs, outputs, gradient }: TapeNode,
  fromX: ReadonlySet<number>,
  gradients: Map<number, tf.Tensor>,
): void {
  if (gradient === undefined) {
    throw new Error(`Cannot compute gradient: gradient function not found for ${kernelName}.`);
  }
  const byInput = gradient(outputs.map(({ id }) => gradients.get(id) ?? null));
  for (const name in inputs) {
    const x = inputs[name] as tf.Tensor;
    if (!fromX.has(x.id)) continue;
    const compute = byInput[name];
    if (compute === undefined) {
      throw new Error(
        `Cannot backprop through input ${name}. Available gradients found: ${Object.keys(byInput)}.`,
      );
    }
    const dx = inScope(engine, "gradient", compute);
    checkGradient(kernelName, name, x, dx);
    const sum = gradients.get(x.id);
    if (sum === undefined) gradients.set(x.id, dx);
    else {
      gradients.set(x.id, engine.runKernel("Add", { a: sum, b: dx }) as tf.Tensor);
      sum.dispose();
    }
  }
}

function checkGradient(kernelName: string, name: string, x: tf.Tensor, dx: tf.Tensor): void {
  if (dx.dtype !== "float32") {
    throw new Error(
      `Error in gradient for op ${kernelName}. The gradient of input ${name} must have 'float32' dtype, but has '${dx.dtype}'`,
    );
  }
  if (!tf.util.arraysEqual(dx.shape, x.shape)) {
    throw new Error(
      `Error in gradient for op ${kernelName}. The gradient of input '${name}' has shape '${dx.shape}', which does not match the shape of the input '${x.shape}'`,
    );
  }
}

function dropTape(engine: Internals, tape: readonly TapeNode[]): void {
  for (const { saved } of tape) for (const tensor of saved) tensor.dispose();
  engine.state.activeTape = null;
}

/** By shape alone: the tensor itself may be disposed of by now. */
function zerosLike(engine: Internals, { shape, dtype }: tf.Tensor): tf.Tensor {
  return engine.runKernel("Fill", {}, { shape, dtype, value: 0 }) as tf.Tensor;
}

/** Writes a kernel or a custom gradient on the tape. */
export function leanAddTapeNode(engine: Internals): Internals["addTapeNode"] {
  return (kernelName, inputs, outputs, custom, saved, attributes) => {
    const { state } = engine;
    const compute = tf.getGradient(kernelName)?.gradFunc ?? (custom as tf.GradFunc | null);
    const node: TapeNode = { id: state.nextTapeNodeId++, kernelName, inputs, outputs, saved };
    if (compute) {
      node.gradient = (dys) => {
        const given = dys.map((dy, i) => dy ?? zerosLike(engine, outputs[i] as tf.Tensor));
        const dy = given.length > 1 ? given : (given[0] as tf.Tensor);
        return compute(dy, saved, attributes as tf.NamedAttrMap) as ReturnType<
          NonNullable<TapeNode["gradient"]>
        >;
      };
    }
    (state.activeTape as TapeNode[]).push(node);
  };
}
