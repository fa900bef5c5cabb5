/** @file Events of the numerics, counted on the graph and read only when a record is written. */
import * as tf from "@tensorflow/tfjs-core";
import { EVENTS, type EventName } from "./declaration.ts";
import type { OptimizerState } from "./state.ts";

export interface EventCounters {
  /** Adds a scalar graph value to a counter. */
  count(event: EventName, amount: tf.Tensor): void;
}

export function eventCounters(state: OptimizerState): EventCounters {
  const counters = new Map(
    EVENTS.map((event) => [event, state.tensor(`events.${event}`, () => tf.scalar(0))]),
  );
  return {
    count: (event, amount) => {
      const counter = counters.get(event) as tf.Variable;
      counter.assign(tf.add(counter, tf.reshape(tf.cast(amount, "float32"), [])));
    },
  };
}

/** The counts so far. Forces pending work. */
export function readEvents(state: OptimizerState): Record<EventName, number> {
  return Object.fromEntries(
    EVENTS.map((event) => [event, state.tensors().get(`events.${event}`)?.dataSync()[0] ?? 0]),
  ) as Record<EventName, number>;
}
