/** @file Memory that ONNX Runtime and WebAssembly functions both compute in. */
import { compileProgram, LANES_BYTES, type Program, type ProgramFunction } from "./program.ts";

/** All that WebAssembly can address. Pages that nothing was written to take no memory. */
const PAGES = 2 ** 16;
const PAGE_BYTES = 2 ** 16;
/** Of a cache line, and of ONNX Runtime's own buffers. */
const ALIGNMENT = 64;

interface Free {
  start: number;
  end: number;
}

/** Arrays of float32 in WebAssembly's memory. */
export class Arena {
  /** In order of address, none touching the next. */
  private readonly free: Free[] = [{ start: 0, end: PAGES * PAGE_BYTES }];
  private readonly functions = new Map<string, ProgramFunction>();

  private constructor(private readonly memory: WebAssembly.Memory) {}

  /** Null where the system does not give so many addresses, or counts them as memory in use. */
  static open(): Arena | null {
    if (process.platform === "win32") return null;
    try {
      return new Arena(new WebAssembly.Memory({ initial: PAGES, maximum: PAGES }));
    } catch {
      return null;
    }
  }

  /** An array with arbitrary values; null where there is no room for it. */
  allocate(length: number): Float32Array | null {
    const bytes = roomFor(length);
    const index = this.free.findIndex(({ start, end }) => end - start >= bytes);
    const found = this.free[index];
    if (found === undefined) return null;
    const { start } = found;
    found.start += bytes;
    if (found.start === found.end) this.free.splice(index, 1);
    return new Float32Array(this.memory.buffer, start, length);
  }

  /** Gives back what `allocate` gave; nothing may read or write it from now on. */
  release(array: Float32Array): void {
    const start = array.byteOffset;
    const end = start + roomFor(array.length);
    const at = this.free.findIndex((range) => range.start > start);
    const next = at < 0 ? this.free.length : at;
    const [before, after] = [this.free[next - 1], this.free[next]];
    if (before?.end === start) {
      before.end = end;
      if (after?.start !== end) return;
      before.end = after.end;
      this.free.splice(next, 1);
    } else if (after?.start === end) after.start = start;
    else this.free.splice(next, 0, { start, end });
  }

  holds({ buffer }: ArrayBufferView): boolean {
    return buffer === this.memory.buffer;
  }

  /** The program as a function of arrays that it holds. */
  functionOf(program: Program): ProgramFunction {
    const key = JSON.stringify(program);
    let found = this.functions.get(key);
    if (found === undefined) {
      found = compileProgram(program, this.memory);
      this.functions.set(key, found);
    }
    return found;
  }
}

function roomFor(length: number): number {
  const bytes = Math.ceil((4 * length) / LANES_BYTES) * LANES_BYTES;
  return Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
}
