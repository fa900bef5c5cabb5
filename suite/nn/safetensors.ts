/**
 * @file The safetensors format: eight bytes that give the length of a JSON header, the header, and
 * the tensors' bytes one after another (https://github.com/huggingface/safetensors).
 */

export interface SafeTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A file whose tensors are decoded when asked for. */
export interface SafeTensors {
  /** Where the bytes came from, for messages. */
  readonly source: string;
  readonly names: readonly string[];
  /** The tensor, or undefined where the file has none of that name. */
  get(name: string): SafeTensor | undefined;
}

interface Entry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

const LENGTH_BYTES = 8;

/**
 * Reads the header; tensors must be float32 where they are asked for.
 *
 * @param source what to call the file in messages
 * @throws if the file is cut short or is not in this format
 */
export function parseSafetensors(bytes: Uint8Array, source: string): SafeTensors {
  const cut = (what: string) =>
    new Error(
      `${source} is not a whole safetensors file: ${what}, and it has ${bytes.length} bytes. ` +
        "Delete it and download it again.",
    );
  if (bytes.length < LENGTH_BYTES) throw cut("its first 8 bytes give the header's length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = LENGTH_BYTES + Number(view.getBigUint64(0, true));
  if (start > bytes.length) throw cut(`its header ends at byte ${start}`);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, start));
  if (!header) throw cut("its header is not JSON of names, shapes and offsets");
  const end = [...header.values()].reduce(
    (last, entry) => Math.max(last, entry.data_offsets[1]),
    0,
  );
  if (start + end > bytes.length) throw cut(`its last tensor ends at byte ${start + end}`);
  return {
    source,
    names: [...header.keys()],
    get: (name) => {
      const entry = header.get(name);
      return entry && decode(name, entry, bytes.subarray(start), source);
    },
  };
}

function parseHeader(bytes: Uint8Array): Map<string, Entry> | undefined {
  try {
    const parsed = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, Entry>;
    const entries = Object.entries(parsed).filter(([name]) => name !== "__metadata__");
    return entries.every(([, entry]) => isEntry(entry)) ? new Map(entries) : undefined;
  } catch {
    return undefined;
  }
}

function isEntry({ dtype, shape, data_offsets: offsets }: Entry): boolean {
  const whole = (list: unknown) => Array.isArray(list) && list.every(Number.isSafeInteger);
  return typeof dtype === "string" && whole(shape) && whole(offsets) && offsets.length === 2;
}

function decode(name: string, entry: Entry, data: Uint8Array, source: string): SafeTensor {
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== "F32") {
    throw new Error(
      `"${name}" in ${source} has dtype ${dtype}; only F32 is read. Convert the file to float32.`,
    );
  }
  const size = shape.reduce((product, side) => product * side, 1);
  // Copied: floats need an aligned offset, and a Node Buffer's own slice would be a view.
  const bytes = new Uint8Array(data.subarray(offsets[0], offsets[1]));
  if (bytes.length !== size * Float32Array.BYTES_PER_ELEMENT) {
    throw new Error(
      `"${name}" in ${source} has ${bytes.length} bytes, but its shape [${shape}] takes ` +
        `${size * Float32Array.BYTES_PER_ELEMENT}. The file is damaged: download it again.`,
    );
  }
  return { shape, values: new Float32Array(bytes.buffer) };
}

/** The file's bytes, tensors in the order given. */
export function encodeSafetensors(tensors: ReadonlyMap<string, SafeTensor>): Uint8Array {
  const header: Record<string, Entry> = {};
  let end = 0;
  for (const [name, { shape, values }] of tensors) {
    const offsets: [number, number] = [end, end + values.byteLength];
    header[name] = { dtype: "F32", shape: [...shape], data_offsets: offsets };
    end = offsets[1];
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Padded with spaces, so that the tensors' bytes begin at a multiple of eight.
  const start = LENGTH_BYTES + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, LENGTH_BYTES, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - LENGTH_BYTES), true);
  bytes.set(json, LENGTH_BYTES);
  let offset = start;
  for (const { values } of tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return bytes;
}
