/** @file tfjs's records of dataIds, kept on the dataIds themselves instead of in a WeakMap. */
import type { DataRecord, EngineState } from "./internals.ts";

const RECORD = Symbol("tfjs's record of a dataId");

type Recorded = { [RECORD]?: DataRecord | undefined };

/**
 * Looked up several times for every tensor made or disposed of; a weak map also slows collection.
 * `previous` holds the records of dataIds that exist already.
 */
export function dataRecords(previous: EngineState["tensorInfo"]): EngineState["tensorInfo"] {
  return {
    get: (dataId) => (dataId as Recorded)[RECORD] ?? previous.get(dataId),
    has: (dataId) => (dataId as Recorded)[RECORD] !== undefined || previous.has(dataId),
    set(dataId, record) {
      (dataId as Recorded)[RECORD] = record;
      return this as WeakMap<object, DataRecord>;
    },
    delete(dataId) {
      const had = (dataId as Recorded)[RECORD] !== undefined;
      (dataId as Recorded)[RECORD] = undefined;
      return previous.delete(dataId) || had;
    },
  };
}
