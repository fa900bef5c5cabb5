/** @file The tensors and numbers that an optimizer carries from step to step. */
import * as tf from "@tensorflow/tfjs-core";

export interface SavedTensor {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly values: Float32Array | Int32Array | Uint8Array;
}

export interface SavedState {
  readonly tensors: Readonly<Record<string, SavedTensor>>;
  readonly numbers: Readonly<Record<string, number>>;
}

/** A number of the optimizer's own, saved with its tensors. */
export interface StoredNumber {
  value: number;
}

/** Named state. Everything an optimizer needs to go on as if never interrupted is in here. */
export class OptimizerState {
  readonly #tensors = new Map<string, tf.Variable>();
  readonly #numbers = new Map<string, StoredNumber>();

  /** A new state tensor; later steps `assign` to it. */
  tensor(name: string, initial: () => tf.Tensor): tf.Variable {
    if (this.#tensors.has(name)) throw new Error(`State tensor "${name}" exists already.`);
    const variable = tf.tidy(() => tf.variable(initial(), false));
    this.#tensors.set(name, variable);
    return variable;
  }

  number(name: string, initial: number): StoredNumber {
    if (this.#numbers.has(name)) throw new Error(`State number "${name}" exists already.`);
    const stored = { value: initial };
    this.#numbers.set(name, stored);
    return stored;
  }

  tensors(): ReadonlyMap<string, tf.Variable> {
    return this.#tensors;
  }

  /** Bytes of all state tensors. */
  bytes(): number {
    let sum = 0;
    for (const { size, dtype } of this.#tensors.values()) sum += size * (dtype === "bool" ? 1 : 4);
    return sum;
  }

  save(): SavedState {
    return {
      tensors: Object.fromEntries(
        [...this.#tensors].map(([name, variable]) => [
          name,
          {
            shape: variable.shape,
            dtype: variable.dtype as SavedTensor["dtype"],
            values: variable.dataSync().slice(),
          },
        ]),
      ),
      numbers: Object.fromEntries([...this.#numbers].map(([name, { value }]) => [name, value])),
    };
  }

  /** @throws if a name or shape is missing or differs: a checkpoint of another optimizer. */
  restore(saved: SavedState): void {
    for (const [name, variable] of this.#tensors) {
      const from = saved.tensors[name];
      if (!from || from.shape.join() !== variable.shape.join()) {
        throw new Error(
          `The checkpoint has ${from ? `shape [${from.shape}]` : "nothing"} for state "${name}" ` +
            `of shape [${variable.shape}]. Start the trial again without this checkpoint.`,
        );
      }
      tf.tidy(() => variable.assign(tf.tensor(from.values, [...from.shape], from.dtype)));
    }
    for (const [name, stored] of this.#numbers) {
      const value = saved.numbers[name];
      if (value === undefined) throw new Error(`The checkpoint lacks the number "${name}".`);
      stored.value = value;
    }
  }

  dispose(): void {
    for (const variable of this.#tensors.values()) variable.dispose();
    this.#tensors.clear();
  }
}
