/**
 * @file Elementwise float32 arithmetic as one WebAssembly function, which reads and writes each array
 * once, four numbers at a time. Its operations are IEEE 754's, each rounded by itself: the bits are
 * those of the same operations one after the other.
 */

/** WebAssembly's instructions, without their SIMD prefix. */
const SIMD = {
  ...{ load: 0, store: 11, splat: 19, less: 67, greater: 68, and: 78 },
  ...{ abs: 224, neg: 225, sqrt: 227, add: 228, sub: 229, mul: 230, div: 231 },
} as const;

/** The code of one value. */
type Code = readonly number[];

/** By op, with its domain. */
const EMIT = {
  Abs: (x: Code) => [...x, ...simd("abs")],
  Neg: (x: Code) => [...x, ...simd("neg")],
  Sqrt: (x: Code) => [...x, ...simd("sqrt")],
  Add: (x: Code, y: Code) => [...x, ...y, ...simd("add")],
  Sub: (x: Code, y: Code) => [...x, ...y, ...simd("sub")],
  Mul: (x: Code, y: Code) => [...x, ...y, ...simd("mul")],
  Div: (x: Code, y: Code) => [...x, ...y, ...simd("div")],
  "crossover:Sign": (x: Code) => [
    ...oneWhere(x, "greater"),
    ...oneWhere(x, "less"),
    ...simd("sub"),
  ],
} as const;

export type Arithmetic = keyof typeof EMIT;

export const isArithmetic = (op: string): op is Arithmetic => Object.hasOwn(EMIT, op);

/** Values are numbered: the tensors, the scalars, and what each step computes from earlier ones. */
export interface Program {
  readonly tensors: number;
  readonly scalars: number;
  readonly steps: readonly { readonly op: Arithmetic; readonly inputs: readonly number[] }[];
  /** The values that are written. */
  readonly results: readonly number[];
}

/**
 * Arguments: the address of each tensor, of each result, the bytes of one of them, the scalars. Up
 * to 12 bytes behind an array's end are read and written.
 */
export type ProgramFunction = (...args: number[]) => void;

/** Bytes of a SIMD register. */
export const LANES_BYTES = 16;

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const FUNCTION_TYPE = 0x60;
const NO_BLOCK_TYPE = 0x40;
const MEMORY = 2;
/** log2 of the alignment of loads and stores, and their offset. */
const ALIGNED = [4, 0];

const CODE = {
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  constant: 0x41,
  float: 0x43,
  lessUnsigned: 0x49,
  add: 0x6a,
} as const;

export function compileProgram(program: Program, memory: WebAssembly.Memory): ProgramFunction {
  const module = new WebAssembly.Module(encodeProgram(program));
  const { exports } = new WebAssembly.Instance(module, { e: { m: memory } });
  return exports.f as ProgramFunction;
}

function encodeProgram(program: Program): BufferSource {
  const parameters = [
    ...Array<number>(program.tensors + program.results.length + 1).fill(I32),
    ...Array<number>(program.scalars).fill(F32),
  ];
  const values = program.tensors + program.scalars + program.steps.length;
  const locals = vector([
    [...unsigned(values), V128],
    [1, I32],
  ]);
  const code = [...locals, ...body(program, parameters.length)];
  const text = (name: string) => vector([[...name].map((letter) => letter.charCodeAt(0))]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [FUNCTION_TYPE, ...unsigned(parameters.length), ...parameters, 0]),
    ...section(2, [...text("e"), ...text("m"), MEMORY, 0, 1]),
    ...section(3, [0]),
    ...section(7, [...text("f"), 0, 0]),
    ...section(10, [...unsigned(code.length), ...code]),
  ]);
}

function body({ tensors, scalars, steps, results }: Program, parameters: number): number[] {
  const bytes = tensors + results.length;
  const local = (code: number, index: number) => [code, ...unsigned(index)];
  const get = (index: number) => local(CODE.localGet, index);
  const value = (number: number) => parameters + number;
  const offset = value(tensors + scalars + steps.length);
  const address = (array: number) => [...get(array), ...get(offset), CODE.add];
  return [
    ...times(scalars, (i) => [
      ...get(bytes + 1 + i),
      ...simd("splat"),
      ...local(CODE.localSet, value(tensors + i)),
    ]),
    ...[CODE.loop, NO_BLOCK_TYPE],
    ...times(tensors, (i) => [
      ...address(i),
      ...[...simd("load"), ...ALIGNED],
      ...local(CODE.localSet, value(i)),
    ]),
    ...steps.flatMap(({ op, inputs }, i) => [
      ...emit(
        op,
        inputs.map((input) => get(value(input))),
      ),
      ...local(CODE.localSet, value(tensors + scalars + i)),
    ]),
    ...results.flatMap((result, i) => [
      ...address(tensors + i),
      ...get(value(result)),
      ...[...simd("store"), ...ALIGNED],
    ]),
    ...[...get(offset), CODE.constant, LANES_BYTES, CODE.add, ...local(CODE.localTee, offset)],
    ...[...get(bytes), CODE.lessUnsigned, CODE.branchIf, 0],
    ...[CODE.end, CODE.end],
  ];
}

const emit = (op: Arithmetic, [x = [], y = []]: readonly Code[]): number[] => EMIT[op](x, y);

const simd = (name: keyof typeof SIMD): number[] => [0xfd, ...unsigned(SIMD[name])];

/** 1 where x is greater, or less, than 0. */
const oneWhere = (x: Code, comparison: "greater" | "less"): number[] => [
  ...[...x, ...splat(0), ...simd(comparison)],
  ...[...splat(1), ...simd("and")],
];

const splat = (value: number): number[] => [
  ...[CODE.float, ...new Uint8Array(Float32Array.of(value).buffer)],
  ...simd("splat"),
];

const times = (count: number, code: (index: number) => number[]): number[] =>
  Array.from({ length: count }, (_, i) => code(i)).flat();

/** A section that holds one item. */
const section = (id: number, item: readonly number[]): number[] => {
  const content = vector([item]);
  return [id, ...unsigned(content.length), ...content];
};

const vector = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];

/** LEB128. */
function unsigned(value: number): number[] {
  const low = value & 127;
  return value < 128 ? [low] : [low | 128, ...unsigned(value >>> 7)];
}
