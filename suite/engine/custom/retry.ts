/** @file How a failed inverse or root is tried again. */
import { KEPT_PREVIOUS, MAX_RETRIES } from "./kernels.ts";

/** Tries `parameter`, then `max(10·parameter, floor)` and so on, up to MAX_RETRIES times. */
export function retried<T>(
  parameter: number,
  floor: number,
  attempt: (parameter: number) => T | null,
): { result: T | null; retries: number } {
  let value = parameter;
  for (let retries = 0; retries <= MAX_RETRIES; retries++) {
    const result = attempt(value);
    if (result !== null) return { result, retries };
    value = Math.max(10 * value, floor);
  }
  return { result: null, retries: KEPT_PREVIOUS };
}
