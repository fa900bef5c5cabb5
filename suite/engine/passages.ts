/** @file Passages of a backend's recording, in terms of tensors. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { LazyGraph } from "./execute.ts";
import type { Mark, Passage, Source } from "./passage.ts";
import { checkValues, follows, markOf, passageSince } from "./passage.ts";
import type { Value } from "./value.ts";

interface Recorder {
  readonly graph: LazyGraph;
  /** Of dataIds. */
  count: number;
  find(dataId: object): Value;
}

/** A place in the recording, and what a passage from there on would be a function of. */
export interface Start {
  readonly mark: Mark;
  /** Known by their values: the passage may dispose of their tensors. */
  readonly sources: readonly Source[];
}

export class Passages {
  constructor(private readonly recorder: Recorder) {}

  /** Where a passage of these sources would start. */
  start(tensors: readonly TensorInfo[]): Start {
    const sources = tensors.map(({ dataId, shape }) => {
      return { value: this.recorder.find(dataId), shape };
    });
    return { mark: markOf(this.recorder.graph.pending, sources), sources };
  }

  /** What was recorded since, as a function of the sources; null where it is none. */
  since({ mark, sources }: Start, results: readonly TensorInfo[]): Passage | null {
    return passageSince(this.recorder.graph.pending, mark, sources, results);
  }

  /**
   * Records a passage again, for the sources here; null where it does not follow. Throws what its calls
   * would throw at these values.
   */
  repeat(passage: Passage, { mark, sources }: Start): TensorInfo[] | null {
    const { recorder } = this;
    if (recorder.graph.isFull || !follows(passage, mark, sources)) return null;
    checkValues(passage, recorder.graph.pending, sources);
    const made = recorder.graph.repeat(passage, sources);
    recorder.count += made.size;
    const referred = new Set<Value>();
    return passage.results.map(({ from, index, shape, dtype }) => {
      const dataId = (from === "outputs" ? made.get(index) : sources[index]?.value) as Value;
      // A new value starts with one reference.
      if (from === "sources" || referred.has(dataId)) dataId.refCount++;
      referred.add(dataId);
      return { dataId, shape: [...shape], dtype };
    });
  }
}
