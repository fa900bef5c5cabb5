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

export class Passages {
  constructor(private readonly recorder: Recorder) {}

  /** Where a passage of these sources would start. */
  mark(sources: readonly TensorInfo[]): Mark {
    return markOf(this.recorder.graph.pending, this.values(sources));
  }

  /** What was recorded since a mark, as a function of the sources; null where it is none. */
  since(
    mark: Mark,
    sources: readonly TensorInfo[],
    results: readonly TensorInfo[],
  ): Passage | null {
    return passageSince(this.recorder.graph.pending, mark, this.values(sources), results);
  }

  /**
   * Records a passage again, for other sources; null where it does not follow at `here`. Throws what its
   * calls would throw at these values.
   */
  repeat(passage: Passage, here: Mark, tensors: readonly TensorInfo[]): TensorInfo[] | null {
    const { recorder } = this;
    const sources = this.values(tensors);
    if (recorder.graph.isFull || !follows(passage, here, sources)) return null;
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

  private values(tensors: readonly TensorInfo[]): Source[] {
    return tensors.map(({ dataId, shape }) => ({ value: this.recorder.find(dataId), shape }));
  }
}
