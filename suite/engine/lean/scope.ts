/**
 * @file Scopes. Every tfjs op opens one and returns one tensor from it, so that case is short; what
 * a `tidy` returns (lists, maps) goes tfjs's way.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Internals, TrackedTensor } from "./internals.ts";

/** Ends the active scope: its tensors are disposed of, but not the result and not kept ones. */
export function leanEndScope(engine: Internals): Internals["endScope"] {
  const original = engine.endScope.bind(engine);
  return (result) => {
    const { state } = engine;
    const scope = state.activeScope;
    if (!(result instanceof tf.Tensor) || scope === null) {
      original(result);
      return;
    }
    const { track } = scope;
    for (let i = 0; i < track.length; i++) {
      const tensor = track[i] as TrackedTensor;
      if (!tensor.kept && tensor.id !== result.id) tensor.dispose();
    }
    const { scopeStack } = state;
    scopeStack.pop();
    const outer = scopeStack[scopeStack.length - 1] ?? null;
    state.activeScope = outer;
    const { kept, scopeId } = result as TrackedTensor;
    if (outer !== null && !kept && scopeId === scope.id) {
      (result as TrackedTensor).scopeId = outer.id;
      outer.track.push(result);
    }
  };
}
