/** @file A trial in mid-run, written so that it goes on with the same bits. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { z } from "zod";
import type { SavedTensor } from "../optimizer/state.ts";
import { unwritable } from "../results/store-error.ts";

/** Plain data to be kept beside the tensors. */
export type CheckpointMeta = Record<string, unknown>;

export interface Checkpoint {
  readonly meta: CheckpointMeta;
  readonly tensors: Readonly<Record<string, SavedTensor>>;
}

const headerSchema = z.strictObject({
  meta: z.record(z.string(), z.unknown()),
  tensors: z.array(
    z.strictObject({
      name: z.string(),
      dtype: z.enum(["float32", "int32", "bool"]),
      shape: z.array(z.number().int().nonnegative()),
      length: z.number().int().nonnegative(),
    }),
  ),
});

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** One file: header length (8 bytes), JSON header, tensors' bytes; replaced as a whole or not at all. @throws StoreError */
export function writeCheckpoint(path: string, checkpoint: Checkpoint): void {
  const entries = Object.entries(checkpoint.tensors);
  const header = Buffer.from(
    JSON.stringify({
      meta: checkpoint.meta,
      tensors: entries.map(([name, { dtype, shape, values }]) => ({
        name,
        dtype,
        shape,
        length: values.length,
      })),
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const tensors = entries.map(([, { values }]) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  );
  try {
    replaceFile(path, [length, header, ...tensors]);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function replaceFile(path: string, parts: readonly Buffer[]): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w");
  try {
    for (const part of parts) writeWhole(file, part);
    fsyncSync(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/** The checkpoint at `path`; undefined when there is none or it is not one (the trial starts anew). */
export function readCheckpoint(path: string): Checkpoint | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  try {
    const headerLength = Number(bytes.readBigUInt64LE(0));
    const header = headerSchema.parse(JSON.parse(bytes.toString("utf8", 8, 8 + headerLength)));
    let offset = 8 + headerLength;
    const tensors: Record<string, SavedTensor> = {};
    for (const { name, dtype, shape, length } of header.tensors) {
      const size = length * ARRAYS[dtype].BYTES_PER_ELEMENT;
      if (offset + size > bytes.length) return undefined;
      // Copied: a view would need an aligned offset.
      const copy = bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + size);
      tensors[name] = { dtype, shape, values: new ARRAYS[dtype](copy as ArrayBuffer) };
      offset += size;
    }
    return { meta: header.meta, tensors };
  } catch {
    return undefined;
  }
}
