/**
 * @file Functions of tensors that are called in every step: called twice, and from then on only recorded,
 * where the backend records. Browser-safe.
 */
import * as tf from "@tensorflow/tfjs-core";
import { bookAgain, type Cost, countedIn, isCounting } from "./cost.ts";
import type { Passage } from "./passage.ts";
import { samePassage } from "./passage.ts";
import type { Passages } from "./passages.ts";

interface Known {
  readonly passage: Passage;
  /** The function's results among the passage's: one tensor may be returned twice. */
  readonly order: readonly number[];
  /** Seen twice. */
  readonly confirmed: boolean;
  readonly cost: Cost | undefined;
}

/**
 * One function. It may depend on nothing but its sources and on what never changes; draws and the like
 * show, unless they come out alike in its first two calls. What it returns must be made by it, or be
 * sources under another shape.
 */
export class Repetition {
  /** By where in a recording it was called. */
  private readonly known = new WeakMap<object, Known>();

  /** `compute()`, in a tidy. */
  call(sources: readonly tf.Tensor[], compute: () => tf.Tensor[]): tf.Tensor[] {
    const passages = passagesNow();
    if (passages === undefined) return tf.tidy(compute);
    const mark = passages.mark(sources);
    const known = this.known.get(mark.start);
    if (known?.confirmed && (known.cost || !isCounting())) {
      const infos = passages.repeat(known.passage, mark, sources);
      if (infos !== null) {
        if (known.cost) bookAgain(known.cost);
        const made = infos.map((info) => tf.engine().makeTensorFromTensorInfo(info));
        return known.order.map((i) => made[i] as tf.Tensor);
      }
    }
    const { result, cost } = countedIn(() => tf.tidy(compute));
    const different = [...new Set(result)];
    const order = result.map((tensor) => different.indexOf(tensor));
    const passage = passages.since(mark, sources, different);
    if (passage === null) this.known.delete(mark.start);
    else {
      const confirmed = known?.order.join() === order.join() && samePassage(known.passage, passage);
      this.known.set(mark.start, { passage, order, confirmed, cost });
    }
    return result;
  }
}

/** Of the backend, if it records; none inside a gradient, whose tape needs the calls themselves. */
function passagesNow(): Passages | undefined {
  const { gradientDepth, profiling } = tf.engine().state;
  if (gradientDepth > 0 || profiling || tf.env().getBool("DEBUG")) return undefined;
  return (tf.backend() as { passages?: Passages }).passages;
}
