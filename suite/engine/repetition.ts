/**
 * @file Functions of tensors that are called in every step: called twice, and from then on only recorded,
 * where the backend records. Browser-safe.
 */
import * as tf from "@tensorflow/tfjs-core";
import { bookAgain, type Cost, countedIn, isCounting } from "./cost.ts";
import type { Passage } from "./passage.ts";
import { samePassage } from "./passage.ts";
import type { Passages } from "./passages.ts";

/** What a function returns: tensors, and what describes them. */
export interface Described<T> {
  readonly tensors: tf.Tensor[];
  readonly description: T;
}

interface Known<T> {
  readonly passage: Passage;
  /** The function's results among the passage's: one tensor may be returned twice. */
  readonly order: readonly number[];
  /** Seen twice. */
  readonly confirmed: boolean;
  readonly cost: Cost | undefined;
  /** Of the call that recorded it: another passage's tensors may have other shapes. */
  readonly description: T;
}

/**
 * One function. It may depend on nothing but its sources and on what never changes; draws and the like
 * show, unless they come out alike in its first two calls. What it returns must be made by it, or be
 * sources under another shape.
 */
export class Repetition<T> {
  /** By where in a recording it was called. */
  private readonly known = new WeakMap<object, Known<T>>();

  /** `compute()`, in a tidy. */
  call(sources: readonly tf.TensorInfo[], compute: () => Described<T>): Described<T> {
    const passages = passagesNow();
    if (passages === undefined) return tidily(compute);
    const start = passages.start(sources);
    const place = start.mark.start;
    const known = this.known.get(place);
    if (known?.confirmed && (known.cost || !isCounting())) {
      const infos = passages.repeat(known.passage, start);
      if (infos !== null) {
        if (known.cost) bookAgain(known.cost);
        const made = infos.map((info) => tf.engine().makeTensorFromTensorInfo(info));
        const { order, description } = known;
        return { tensors: order.map((i) => made[i] as tf.Tensor), description };
      }
    }
    const { result, cost } = countedIn(() => tidily(compute));
    const { tensors, description } = result;
    const different = [...new Set(tensors)];
    const order = tensors.map((tensor) => different.indexOf(tensor));
    const passage = passages.since(start, different);
    if (passage === null) this.known.delete(place);
    else {
      const confirmed = known?.order.join() === order.join() && samePassage(known.passage, passage);
      this.known.set(place, { passage, order, confirmed, cost, description });
    }
    return result;
  }
}

/** In a tidy, from which only the tensors come out. */
function tidily<T>(compute: () => Described<T>): Described<T> {
  let result: Described<T> | undefined;
  tf.tidy(() => {
    result = compute();
    return result.tensors;
  });
  return result as Described<T>;
}

/** Of the backend, if it records; none inside a gradient, whose tape needs the calls themselves. */
function passagesNow(): Passages | undefined {
  const { gradientDepth, profiling } = tf.engine().state;
  if (gradientDepth > 0 || profiling || tf.env().getBool("DEBUG")) return undefined;
  return (tf.backend() as { passages?: Passages }).passages;
}
