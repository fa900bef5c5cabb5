/** @file Pixels of lossless PNG images, by pngjs. */
import { PNG } from "pngjs";
import { DataError } from "../error.ts";

/** Expected size, and how many of the red, green and blue channels are wanted. */
export interface PixelFormat {
  readonly width: number;
  readonly height: number;
  /** 1: the red one, which in a grey image is the grey one. */
  readonly channels: 1 | 3;
}

/**
 * Interleaved pixels `[height, width, channels]`.
 * @throws DataError "corrupt" if the image is cut, broken or of another size.
 */
export function pngPixels(file: Uint8Array, name: string, format: PixelFormat): Uint8Array {
  const image = decode(file, name);
  const { width, height, channels } = format;
  if (image.width !== width || image.height !== height) {
    throw new DataError(
      "corrupt",
      `The image ${name} has ${image.width}×${image.height} pixels; expected are ${width}×${height}.`,
      "Take another source.",
    );
  }
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0, to = 0; to < pixels.length; i += 4) {
    for (let channel = 0; channel < channels; channel++) {
      pixels[to++] = image.data[i + channel] as number;
    }
  }
  return pixels;
}

function decode(file: Uint8Array, name: string): PNG {
  try {
    return PNG.sync.read(Buffer.from(file.buffer, file.byteOffset, file.byteLength));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      "corrupt",
      `The image ${name} is cut or broken (${reason}).`,
      "Take another source.",
      {
        cause,
      },
    );
  }
}
