/** @file For tests: small image datasets in every form in which their sources hold them. */
import { parquetWriteBuffer } from "hyparquet-writer";
import { PNG } from "pngjs";
import { stream } from "../prng.ts";

export interface MadeSplit {
  /** Interleaved pixels of all images. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** `count` images of random bytes. */
export function madeSplit(count: number, imageBytes: number, name: string): MadeSplit {
  const random = stream(0, name);
  return {
    pixels: Uint8Array.from({ length: count * imageBytes }, () => random.integer(256)),
    labels: Uint8Array.from({ length: count }, () => random.integer(10)),
  };
}

/** A PNG of these pixels, of one (grey) or three channels. */
export function png(pixels: Uint8Array, width: number, channels: 1 | 3): Buffer {
  const height = pixels.length / width / channels;
  const image = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * i + channel] = pixels[i * channels + (channel % channels)] as number;
    }
    image.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(image, { colorType: channels === 1 ? 0 : 2 });
}

/** A parquet file of images and labels, as the Hugging Face hub has them. */
export function imageParquet(
  { pixels, labels }: MadeSplit,
  { column, side, channels }: { column: string; side: number; channels: 1 | 3 },
): Uint8Array {
  const size = side * side * channels;
  const images = Array.from(labels, (_, i) => ({
    bytes: new Uint8Array(png(pixels.subarray(i * size, (i + 1) * size), side, channels)),
    path: `${i}.png`,
  }));
  const buffer = parquetWriteBuffer({
    schema: [
      { name: "root", num_children: 2 },
      { name: column, num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
    ],
    columnData: [
      { name: column, data: images },
      { name: "label", data: BigInt64Array.from(labels, BigInt) },
    ],
  });
  return new Uint8Array(buffer);
}
