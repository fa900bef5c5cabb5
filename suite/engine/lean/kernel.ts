/** @file Calling a kernel: what tfjs's engine does when nobody profiles or debugs it. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Internals, NamedTensors, RunKernel } from "./internals.ts";

type Attributes = Parameters<RunKernel>[2];

/** Runs a registered kernel, and writes it on the tape where gradients are being recorded. */
export function leanRunKernel(engine: Internals): RunKernel {
  const original = engine.runKernel.bind(engine);
  const flags = tf.env();
  return (kernelName, inputs, attributes) => {
    const { state, backendName: name } = engine;
    if (name === null || state.profiling || flags.getBool("DEBUG")) {
      return original(kernelName, inputs, attributes);
    }
    const kernel = tf.getKernel(kernelName, name);
    if (!kernel) throw new Error(`Kernel '${kernelName}' not registered for backend '${name}'`);
    const recording = state.gradientDepth > 0 && state.kernelDepth === 0;
    state.kernelDepth++;
    let result: tf.Tensor | tf.Tensor[];
    let saved: tf.Tensor[];
    try {
      const attrs = attributes as Attributes & object;
      const check = flags.getBool("IS_TEST") ? leakCheck(engine, kernelName) : undefined;
      const infos = kernel.kernelFunc({ inputs, attrs, backend: engine.backend });
      check?.(Array.isArray(infos) ? infos : [infos]);
      result = Array.isArray(infos)
        ? infos.map((info) => asTensor(engine, info))
        : asTensor(engine, infos);
      if (!recording) return result;
      saved = savedTensors(engine, kernelName, inputs as NamedTensors, result);
    } finally {
      state.kernelDepth--;
    }
    const outputs = Array.isArray(result) ? result : [result];
    engine.addTapeNode(kernelName, inputs as NamedTensors, outputs, null, saved, attributes);
    return result;
  };
}

/** As tfjs does in tests: a kernel must leave no more dataIds behind than it returns. */
function leakCheck(engine: Internals, kernelName: string): (outputs: TensorInfo[]) => void {
  const before = engine.backend.numDataIds();
  engine.state.numDataMovesStack.push(0);
  return (outputs) => engine.checkKernelForMemLeak(kernelName, before, outputs);
}

function asTensor(engine: Internals, info: TensorInfo | tf.Tensor): tf.Tensor {
  return "rank" in info ? (info as tf.Tensor) : engine.makeTensorFromTensorInfo(info);
}

/** Copies of what the kernel's gradient will read. */
function savedTensors(
  engine: Internals,
  kernelName: string,
  inputs: NamedTensors,
  outputs: tf.Tensor | tf.Tensor[],
): tf.Tensor[] {
  const gradient = tf.getGradient(kernelName);
  if (!gradient) return [];
  const { inputsToSave = [], outputsToSave = [], saveAllInputs } = gradient;
  if (saveAllInputs) {
    tf.util.assert(
      Array.isArray(inputs),
      () => "saveAllInputs is true, expected inputs to be an array.",
    );
  }
  const saved = saveAllInputs
    ? Object.values(inputs)
    : inputsToSave.map((name) => inputs[name] as tf.Tensor);
  if (outputsToSave.length > 0) {
    const list = Array.isArray(outputs) ? outputs : [outputs];
    saved.push(...list.filter((_, i) => outputsToSave[i]));
  }
  return saved.map((tensor) => tf.keep(copyOnTape(engine, tensor)));
}

/** A copy that gradients of gradients can follow back to what it is a copy of. */
function copyOnTape(engine: Internals, tensor: tf.Tensor): tf.Tensor {
  const { dataId, shape, dtype } = tensor;
  const record = engine.state.tensorInfo.get(dataId);
  if (record?.backend !== engine.backend) return engine.clone(tensor);
  engine.backend.incRef(dataId);
  const copy = engine.makeTensorFromTensorInfo({ dataId, shape, dtype });
  engine.addTapeNode("Identity", { x: tensor }, [copy], null, [], {});
  return copy;
}
