import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trainingBatches } from "./batches.ts";
import { DataError } from "./error.ts";
import { evaluationArrays, evaluationBatches } from "./evaluation.ts";
import { type Augmentation, type Examples, examplesOf, type Preparation } from "./examples.ts";
import { positionsBetween } from "./gather.ts";
import { type EvaluationImages, imageTask } from "./image-task.ts";

/** Example i is the pixel i, of class i mod 3. */
function numbered(count: number): Examples {
  return examplesOf(
    Uint8Array.from({ length: count }, (_, i) => i),
    Array.from({ length: count }, (_, i) => i % 3),
    { shape: [1], classes: 3 },
  );
}

const plain: Preparation = {
  shape: [1],
  fill: ({ inputs }, row, target, offset) => {
    target[offset] = inputs[row] as number;
  },
};

/** Two draws for an even row and one for an odd one, so that a lost draw shows. */
const noisy: Augmentation = {
  shape: [2],
  fill({ inputs }, row, target, offset, random) {
    target[offset] = inputs[row] as number;
    target[offset + 1] = random.float() + (row % 2 === 0 ? random.float() : 0);
  },
};

describe("trainingBatches", () => {
  it("shows each example once an epoch, drops the partial batch, and pairs labels", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), fc.nat(), (count, a, seed) => {
        const batchSize = 1 + (a % count);
        const batches = trainingBatches({
          examples: numbered(count),
          preparation: plain,
          batchSize,
          seed,
        });
        expect(batches.stepsPerEpoch).toBe(Math.floor(count / batchSize));
        for (let epoch = 0; epoch < 2; epoch++) {
          const seen = new Set<number>();
          for (let step = 0; step < batches.stepsPerEpoch; step++) {
            const { inputs, labels, shape } = batches.next();
            expect(shape).toEqual([batchSize, 1]);
            inputs.forEach((value, i) => {
              expect(labels[i]).toBe(value % 3);
              seen.add(value);
            });
          }
          expect(seen.size).toBe(batches.stepsPerEpoch * batchSize);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("orders every epoch, and every seed, anew", () => {
    const take = (seed: number) => {
      const batches = trainingBatches({
        examples: numbered(50),
        preparation: plain,
        batchSize: 50,
        seed,
      });
      return [batches.next().inputs.join(), batches.next().inputs.join()];
    };
    expect(new Set([...take(1), ...take(2)]).size).toBe(4);
    expect(take(1)).toEqual(take(1));
  });

  it("shows the same examples in the same order in micro-batches", () => {
    const options = { examples: numbered(48), preparation: noisy, seed: 5 };
    const whole = trainingBatches({ ...options, batchSize: 24 });
    const micro = trainingBatches({ ...options, batchSize: 6 });
    for (let step = 0; step < 6; step++) {
      const parts = [0, 1, 2, 3].flatMap(() => [...micro.next().inputs]);
      expect(parts).toEqual([...whole.next().inputs]);
    }
  });

  it("goes on from any point, through JSON, as if nothing had happened", () => {
    fc.assert(
      fc.property(fc.nat({ max: 12 }), (steps) => {
        const make = () =>
          trainingBatches({ examples: numbered(23), preparation: noisy, batchSize: 5, seed: 3 });
        const first = make();
        for (let step = 0; step < steps; step++) first.next();
        const saved = JSON.parse(JSON.stringify(first.save()));
        const second = make();
        second.next();
        second.restore(saved);
        for (let step = 0; step < 9; step++) {
          const expected = first.next();
          expect(second.next()).toEqual(expected);
        }
      }),
      { numRuns: 13 },
    );
  });

  it("are the same as rows of a table, from any point on", () => {
    const preparation: Preparation = { ...plain, table: (inputs) => Float32Array.from(inputs) };
    const make = () =>
      trainingBatches({ examples: numbered(23), preparation, batchSize: 5, seed: 3 });
    const [whole, rows] = [make(), make()];
    for (let step = 0; step < 11; step++) {
      const expected = whole.next();
      const taken = rows.fromTable?.next();
      const inputs = Array.from(taken?.rows ?? [], (row) => rows.fromTable?.table[row]);
      expect(inputs).toEqual([...expected.inputs]);
      expect(taken?.labels).toEqual(expected.labels);
      expect(rows.save()).toEqual(whole.save());
      if (step === 6) rows.restore(JSON.parse(JSON.stringify(whole.save())));
    }
  });

  it("reuses its buffers", () => {
    const batches = trainingBatches({
      examples: numbered(9),
      preparation: plain,
      batchSize: 3,
      seed: 0,
    });
    expect(batches.next()).toBe(batches.next());
  });

  it.each([0, 10, 1.5])("refuses a batch of %d from 9 examples", (batchSize) => {
    expect(() =>
      trainingBatches({ examples: numbered(9), preparation: plain, batchSize, seed: 0 }),
    ).toThrow(DataError);
  });

  it.each([
    undefined,
    {},
    { epoch: 1, position: 99, order: [1, 2, 3, 4], augmentation: [1, 2, 3, 4] },
  ])("refuses to resume from %j", (saved) => {
    const batches = trainingBatches({
      examples: numbered(9),
      preparation: plain,
      batchSize: 3,
      seed: 0,
    });
    expect(() => batches.restore(saved)).toThrow(/Resume with the batch size/);
  });

  it("gives the same bytes in any number of worker threads", async () => {
    const script = new URL("./testing/batch-digest.ts", import.meta.url);
    const digestIn = (seed: number) =>
      new Promise<string>((resolve, reject) => {
        const worker = new Worker(
          `import(${JSON.stringify("tsx/esm/api")}).then(({ register }) => { register(); return import(${JSON.stringify(script.href)}); }).then(({ batchDigest }) => require("node:worker_threads").parentPort.postMessage(batchDigest(${seed})));`,
          { eval: true },
        );
        worker.once("message", resolve);
        worker.once("error", reject);
      });
    const { batchDigest } = await import("./testing/batch-digest.ts");
    const seeds = [0, 1, 2];
    const atOnce = await Promise.all(seeds.map(digestIn));
    expect(atOnce).toEqual(seeds.map(batchDigest));
    expect(new Set(atOnce).size).toBe(3);
  });
});

describe("evaluation", () => {
  it("covers every example in order, the last batch smaller", () => {
    const examples = { ...numbered(11), rows: Int32Array.of(1, 3, 4, 6, 7, 8, 10) };
    const seen: number[] = [];
    const lengths: number[] = [];
    for (const { inputs, labels, shape } of evaluationBatches(examples, plain, 3)) {
      expect([...labels]).toEqual(Array.from(inputs, (value) => value % 3));
      seen.push(...inputs);
      lengths.push(shape[0] as number);
    }
    expect(seen).toEqual([...examples.rows]);
    expect(lengths).toEqual([3, 3, 1]);
    expect([...evaluationArrays(examples, plain).inputs]).toEqual(seen);
  });
});

describe("imageTask", () => {
  const source = {
    name: "made",
    checksum: "0".repeat(64),
    train: numbered(60),
    test: numbered(12),
  };
  const everyInput = (set: EvaluationImages | undefined) =>
    set ? set.gather(positionsBetween(0, set.count)) : new Float32Array();
  const hash = (values: Float32Array) => createHash("sha256").update(values).digest("hex");

  it("keeps the validation set out of every training subset, whatever the seed", () => {
    const task = imageTask({ source, training: plain, evaluation: plain, validation: 15 });
    const validation = new Set(everyInput(task.evaluationSet("validation", 45)));
    expect(validation.size).toBe(15);
    expect(task.size).toBe(45);
    for (const seed of [0, 1, 2]) {
      const batches = task.batches({ datasetSize: 45, batchSize: 45, seed });
      expect([...batches.next().inputs].some((value) => validation.has(value))).toBe(false);
    }
  });

  it("evaluates the subset that is trained on, and all of the test set", () => {
    const task = imageTask({ source, training: plain, evaluation: plain, validation: 15 });
    const batch = task.batches({ datasetSize: 20, batchSize: 20, seed: 1 }).next();
    const train = task.evaluationSet("train", 20);
    expect([...batch.inputs].sort((a, b) => a - b)).toEqual([...everyInput(train)]);
    expect(task.evaluationSet("test", 20)?.count).toBe(12);
    expect(hash(everyInput(task.evaluationSet("train", 30)))).not.toBe(hash(everyInput(train)));
  });

  it("has no validation set where all examples are trained on", () => {
    const task = imageTask({ source, training: plain, evaluation: plain, validation: 0 });
    expect(task.evaluationSet("validation", 60)).toBeUndefined();
    expect(task.batches({ datasetSize: 60, batchSize: 60, seed: 0 }).next().inputs.length).toBe(60);
  });
});
