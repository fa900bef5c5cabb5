/**
 * @file ResNet18 for 32×32 images (He et al. 2016) as in https://github.com/uoguelph-mlrg/Cutout:
 * a 3×3 stem without pooling, four stages of two basic blocks, initialised as PyTorch's modules are.
 * Parameters are named as there.
 */
import * as tf from "@tensorflow/tfjs-core";
import { batchNorm } from "../../suite/nn/batch-norm.ts";
import { convolution } from "../../suite/nn/convolution.ts";
import { type Apply, linear } from "../../suite/nn/linear.ts";
import type { Model, ModelBuilder } from "../../suite/nn/model.ts";
import { globalAveragePool } from "../../suite/nn/pool.ts";
import type { Tier } from "../../suite/results/schema.ts";

export interface ResNetSize {
  /** Channels of the first stage; each later stage has twice as many as the one before. */
  readonly width: number;
  readonly classes: number;
}

/** `paper`: the original, 11,173,962 parameters. `mini` and `smoke`: the same, narrower. */
export const RESNET_SIZES: Readonly<Record<Tier, ResNetSize>> = {
  paper: { width: 64, classes: 10 },
  mini: { width: 8, classes: 10 },
  smoke: { width: 8, classes: 10 },
};

const STAGES = 4;
const BLOCKS = 2;

/** Images `[n, h, w, 3]` to logits `[n, classes]`. */
export function buildResNet18(builder: ModelBuilder, { width, classes }: ResNetSize): Model {
  const stem = convolution(builder, "conv1", {
    channelsIn: 3,
    channelsOut: width,
    kernel: 3,
    stride: 1,
    padding: 1,
    place: "first",
  });
  const stemNorm = batchNorm(builder, "bn1", width);
  const blocks: Apply[] = [];
  let channels = width;
  for (let stage = 0; stage < STAGES; stage++) {
    for (let block = 0; block < BLOCKS; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const channelsOut = width * 2 ** stage;
      const path = `layer${stage + 1}.${block}`;
      blocks.push(basicBlock(builder, path, { channelsIn: channels, channelsOut, stride }));
      channels = channelsOut;
    }
  }
  const head = linear(builder, "linear", {
    dIn: channels,
    dOut: classes,
    bias: true,
    place: "head",
  });
  return builder.build((images, pass) => {
    let x = tf.relu(stemNorm(stem(images, pass), pass));
    for (const block of blocks) x = block(x, pass);
    return head(globalAveragePool(x), pass) as tf.Tensor2D;
  });
}

interface BlockSize {
  readonly channelsIn: number;
  readonly channelsOut: number;
  readonly stride: number;
}

/** `relu(bn(conv(relu(bn(conv(x))))) + shortcut(x))`; the shortcut is x where shapes agree. */
function basicBlock(builder: ModelBuilder, path: string, size: BlockSize): Apply {
  const { channelsIn, channelsOut, stride } = size;
  const same = { channelsIn: channelsOut, channelsOut, kernel: 3, stride: 1, padding: 1 };
  const first = convolution(builder, `${path}.conv1`, { ...same, channelsIn, stride });
  const firstNorm = batchNorm(builder, `${path}.bn1`, channelsOut);
  const second = convolution(builder, `${path}.conv2`, same);
  const secondNorm = batchNorm(builder, `${path}.bn2`, channelsOut);
  const shortcut =
    stride === 1 && channelsIn === channelsOut ? undefined : projection(builder, path, size);
  return (x, pass) => {
    const hidden = tf.relu(firstNorm(first(x, pass), pass));
    const residual = secondNorm(second(hidden, pass), pass);
    return tf.relu(tf.add(residual, shortcut ? shortcut(x, pass) : x));
  };
}

/** A 1×1 convolution and a batch norm, where the shape changes. */
function projection(builder: ModelBuilder, path: string, size: BlockSize): Apply {
  const { channelsOut } = size;
  const narrow = convolution(builder, `${path}.shortcut.0`, { ...size, kernel: 1, padding: 0 });
  const norm = batchNorm(builder, `${path}.shortcut.1`, channelsOut);
  return (x, pass) => norm(narrow(x, pass), pass);
}
