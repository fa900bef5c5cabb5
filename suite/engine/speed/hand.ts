/**
 * @file The floor of the runtime: workloads written directly as one ONNX graph each.
 *
 * `mlp` is a whole training step with momentum, its state in two sets of buffers that take turns;
 * `gemm` is one square product, for the machine's peak.
 */
import { type HostTensor, runtimeVersion } from "../binding.ts";
import { type Model, ModelBuilder } from "../model.ts";
import { createSession } from "../runtime.ts";
import { type Prepared, serve } from "./serve.ts";

const threads = Number(process.argv[3]);
const CLASSES = 10;

const tensor = (dims: number[], scale: number): HostTensor => {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length: size }, () => scale * (Math.random() - 0.5));
  return { location: "cpu", type: "float32", dims, data };
};

function load(builder: ModelBuilder, inputs: Named, outputs: Named) {
  const values = (named: Named) =>
    Object.entries(named).map(([name, { dims }]) => {
      return { name, dtype: "float32" as const, shape: dims };
    });
  const model: Model = {
    inputs: values(inputs),
    outputs: values(outputs),
    nodes: builder.list,
    constants: builder.constants,
  };
  return createSession(model, { device: "cpu", threads, spinning: true });
}

type Named = Record<string, HostTensor>;

function gemm(order: number): Prepared {
  const builder = new ModelBuilder("cpu");
  const inputs = { a: tensor([order, order], 1), b: tensor([order, order], 1) };
  const outputs = { [builder.node("Gemm", ["a", "b"])]: tensor([order, order], 1) };
  const session = load(builder, inputs, outputs);
  return {
    step: () => session.run(inputs, outputs, {}),
    flops: 2 * order ** 3,
    dispose: () => session.dispose(),
  };
}

function mlp(inputs: number, hidden: number, batch: number): Prepared {
  const widths = [inputs, hidden, hidden, CLASSES];
  const b = new ModelBuilder("cpu");
  const layers = [0, 1, 2];
  const rate = b.constant(0.01, "float32");
  const momentum = { beta: { float: 0.9 } };
  const activations = ["x"];
  let logits = "";
  for (const l of layers) {
    logits = b.node("Gemm", [activations[l] as string, `w${l}`]);
    activations.push(b.node("Relu", [logits]));
  }
  const logProbability = b.node("LogSoftmax", [logits], { axis: -1 });
  const loss = b.node("ReduceSum", [b.node("Mul", ["y", logProbability])], { keepdims: 0 });
  const share = b.constant(1 / batch, "float32");
  let error = b.node("Mul", [
    b.node("Sub", [b.node("Softmax", [logits], { axis: -1 }), "y"]),
    share,
  ]);
  const next: Record<string, string> = {};
  for (const l of layers.toReversed()) {
    const input = activations[l] as string;
    const moved = b.node("Gemm", [input, error, `m${l}`], { transA: 1, ...momentum });
    if (l > 0) {
      const back = b.node("Gemm", [error, `w${l}`], { transB: 1 });
      const zero = b.constant(0, "float32");
      error = b.node("Where", [b.node("Greater", [input, zero]), back, zero]);
    }
    next[`m${l}`] = moved;
    next[`w${l}`] = b.node("Sub", [`w${l}`, b.node("Mul", [moved, rate])]);
  }
  const state = () =>
    Object.fromEntries(
      layers.flatMap((l) => {
        const shape = [widths[l] as number, widths[l + 1] as number];
        return [
          [`w${l}`, tensor(shape, 2 / Math.sqrt(widths[l] as number))],
          [`m${l}`, tensor(shape, 0)],
        ];
      }),
    );
  const sets = [state(), state()] as [Named, Named];
  const batchTensors = { x: tensor([batch, inputs], 1), y: tensor([batch, CLASSES], 1) };
  const feeds = sets.map((set) => ({ ...batchTensors, ...set }));
  const fetches = sets.map((set) => ({
    [loss]: tensor([], 0),
    ...Object.fromEntries(
      Object.entries(next).map(([name, made]) => [made, set[name] as HostTensor]),
    ),
  }));
  const session = load(b, feeds[0] as Named, fetches[0] as Named);
  let turn = 0;
  return {
    step: () => {
      session.run(feeds[turn] as Named, fetches[1 - turn] as Named, {});
      turn = 1 - turn;
    },
    dispose: () => session.dispose(),
  };
}

await serve(`hand graph (onnxruntime-node ${runtimeVersion()})`, async ({ case: name, sizes }) => {
  const size = (key: string) => sizes[key] as number;
  if (name === "gemm") return gemm(size("order"));
  return name === "mlp" ? mlp(size("inputs"), size("hidden"), size("batch")) : null;
});
