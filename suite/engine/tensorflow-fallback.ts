/**
 * @file The kernels that tfjs-node lacks, among them MaxPoolWithArgmax (second derivatives of max
 * pooling), run by tfjs's JavaScript `cpu` backend on values copied out and back in. Right, slow,
 * and never on the path of a first derivative.
 */
import * as tf from "@tensorflow/tfjs-core";

/** Registers every kernel of `cpu` that `tensorflow` has none for. */
export function fillTensorflowGaps(): void {
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend("cpu")) {
    if (tf.getKernel(kernelName, "tensorflow")) continue;
    tf.registerKernel({
      kernelName,
      backendName: "tensorflow",
      kernelFunc: (call) => onHost(kernelFunc, call),
    });
  }
}

function onHost(
  kernelFunc: tf.KernelFunc,
  { inputs, attrs, backend }: Parameters<tf.KernelFunc>[0],
): tf.TensorInfo[] {
  const host = tf.engine().findBackend("cpu");
  const native = backend as tf.KernelBackend;
  const move = (from: tf.KernelBackend, to: tf.KernelBackend, info: tf.TensorInfo) => {
    const values = from.readSync(info.dataId);
    return { ...info, dataId: to.write(values, info.shape, info.dtype) };
  };
  // Tensor lists (Concat) are spread by tfjs into inputs named 0, 1, 2.
  const onCpu = Object.fromEntries(
    Object.entries(inputs).map(([name, info]) => [name, info && move(native, host, info)]),
  );
  const results = kernelFunc({ inputs: onCpu, attrs, backend: host });
  const copies = (Array.isArray(results) ? results : [results]).map((result) =>
    move(host, native, result),
  );
  for (const info of [...Object.values(onCpu), ...[results].flat()]) {
    if (info) host.disposeData(info.dataId);
  }
  return copies;
}
