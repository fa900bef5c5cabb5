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

/** A state tensor whose shape the first value decides. */
export interface LateTensor {
  /** Undefined until then. */
  readonly value: tf.Tensor | undefined;
  assign(value: tf.Tensor): void;
}

/** Named state. Everything an optimizer needs to go on as if never interrupted is in here. */
export class OptimizerState {
  readonly #tensors = new Map<string, tf.Variable>();
  readonly #late = new Map<string, tf.Variable | undefined>();
  readonly #numbers = new Map<string, StoredNumber>();

  /** A new state tensor; later steps `assign` to it. */
  tensor(name: string, initial: () => tf.Tensor): tf.Variable {
    this.#requireNew(name);
    const variable = tf.tidy(() => tf.variable(initial(), false));
    this.#tensors.set(name, variable);
    return variable;
  }

  /** A state tensor that depends on the batch: `assign` gives it its shape, always the same. */
  late(name: string): LateTensor {
    this.#requireNew(name);
    this.#late.set(name, undefined);
    const late = this.#late;
    return {
      get value() {
        return late.get(name);
      },
      assign: (value) => {
        const variable = late.get(name);
        if (variable) variable.assign(value);
        else late.set(name, tf.variable(value, false));
      },
    };
  }

  number(name: string, initial: number): StoredNumber {
    this.#requireNew(name);
    const stored = { value: initial };
    this.#numbers.set(name, stored);
    return stored;
  }

  #requireNew(name: string): void {
    if (this.#tensors.has(name) || this.#late.has(name) || this.#numbers.has(name)) {
      throw new Error(`The optimizer's state has a "${name}" already: choose another name.`);
    }
  }

  /** All that exist by now. */
  tensors(): ReadonlyMap<string, tf.Variable> {
    const existing = [...this.#late].filter((entry): entry is [string, tf.Variable] => !!entry[1]);
    return new Map([...this.#tensors, ...existing]);
  }

  /** Bytes of all state tensors. */
  bytes(): number {
    let sum = 0;
    for (const { size, dtype } of this.tensors().values()) sum += size * (dtype === "bool" ? 1 : 4);
    return sum;
  }

  save(): SavedState {
    return {
      tensors: Object.fromEntries(
        [...this.tensors()].map(([name, variable]) => [
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
      tf.tidy(() => variable.assign(tensorOf(from)));
    }
    for (const [name, variable] of this.#late) {
      variable?.dispose();
      const from = saved.tensors[name];
      this.#late.set(name, from && tf.tidy(() => tf.variable(tensorOf(from), false)));
    }
    for (const [name, stored] of this.#numbers) {
      const value = saved.numbers[name];
      if (value === undefined) throw new Error(`The checkpoint lacks the number "${name}".`);
      stored.value = value;
    }
  }

  dispose(): void {
    for (const variable of this.tensors().values()) variable.dispose();
    this.#tensors.clear();
    this.#late.clear();
  }
}

const tensorOf = ({ values, shape, dtype }: SavedTensor): tf.Tensor =>
  tf.tensor(values, [...shape], dtype);
