/** @file Events of the numerics, counted on the graph and read only when a record is written. */
import * as tf from "@tensorflow/tfjs-core";
import { KEPT_PREVIOUS } from "../linalg/index.ts";
import { EVENTS, type EventName } from "./declaration.ts";
import type { OptimizerState } from "./state.ts";

export interface EventCounters {
  /** Notes a scalar graph value that this step adds to a counter. */
  count(event: EventName, amount: tf.Tensor): void;
  /** Notes an inverse's or root's `retries`: larger dampings tried, or the previous one kept. */
  countRetries(retries: tf.Scalar): void;
  /** Adds what was noted; once, at the end of a step. */
  commit(): void;
}

export function eventCounters(state: OptimizerState): EventCounters {
  const counters = new Map(
    EVENTS.map((event) => [event, state.tensor(`events.${event}`, () => tf.scalar(0))]),
  );
  let noted: [EventName, tf.Tensor][] = [];
  let retried: tf.Tensor[] = [];
  // A step's inner tidies may end before it does.
  const keep = (amount: tf.Tensor) => tf.keep(tf.clone(amount));

  const noteRetried = () => {
    const retries = tf.stack(retried.map((one) => tf.cast(one, "float32")));
    const kept = tf.cast(tf.greaterEqual(retries, KEPT_PREVIOUS), "float32");
    noted.push(["keptInverses", keep(tf.sum(kept))]);
    noted.push(["inverseRetries", keep(tf.sum(tf.sub(retries, kept)))]);
  };

  return {
    count: (event, amount) => noted.push([event, keep(amount)]),
    countRetries: (retries) => retried.push(keep(retries)),
    commit: () =>
      tf.tidy(() => {
        if (retried.length > 0) noteRetried();
        for (const [event, counter] of counters) {
          const amounts = noted.filter(([name]) => name === event).map(([, amount]) => amount);
          if (amounts.length > 0) counter.assign(tf.addN([counter, ...amounts]));
        }
        tf.dispose([...retried, ...noted.map(([, amount]) => amount)]);
        noted = [];
        retried = [];
      }),
  };
}

/** The counts so far. Forces pending work. */
export function readEvents(state: OptimizerState): Record<EventName, number> {
  return Object.fromEntries(
    EVENTS.map((event) => [event, state.tensors().get(`events.${event}`)?.dataSync()[0] ?? 0]),
  ) as Record<EventName, number>;
}
