import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Arena } from "./arena.ts";
import { type Arithmetic, isArithmetic, type Program } from "./program.ts";

const UNARY = ["Abs", "Neg", "Sqrt", "crossover:Sign"] as const;
const BINARY = ["Add", "Sub", "Mul", "Div"] as const;

/** One operation after the other, each rounded to float32. */
const COMPUTE: Record<Arithmetic, (x: number, y: number) => number> = {
  Abs: Math.abs,
  Neg: (x) => -x,
  Sqrt: Math.sqrt,
  "crossover:Sign": (x) => (x > 0 ? 1 : 0) - (x < 0 ? 1 : 0),
  Add: (x, y) => x + y,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Div: (x, y) => x / y,
};

const float32 = fc.float({ noDefaultInfinity: false });

const cases = fc
  .record({
    tensors: fc.integer({ min: 1, max: 4 }),
    scalars: fc.integer({ min: 0, max: 3 }),
    length: fc.integer({ min: 2, max: 70 }),
    draws: fc.array(fc.record({ op: fc.nat(), x: fc.nat(), y: fc.nat() }), {
      minLength: 1,
      maxLength: 30,
    }),
    stored: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  })
  .chain(({ tensors, scalars, length, draws, stored }) => {
    const given = tensors + scalars;
    const steps = draws.map(({ op, x, y }, i): Program["steps"][number] => {
      const ops = [...UNARY, ...BINARY];
      const chosen = ops[op % ops.length] as Arithmetic;
      const isUnary = (UNARY as readonly string[]).includes(chosen);
      const inputs = (isUnary ? [x] : [x, y]).map((number) => number % (given + i));
      return { op: chosen, inputs };
    });
    const results = stored.map((number) => given + (number % steps.length));
    const array = fc.array(float32, { minLength: length, maxLength: length });
    return fc.record({
      program: fc.constant<Program>({ tensors, scalars, steps, results }),
      arrays: fc.array(array, { minLength: tensors, maxLength: tensors }),
      numbers: fc.array(float32, { minLength: scalars, maxLength: scalars }),
    });
  });

function expected({ steps, results }: Program, given: readonly number[]): number[] {
  const values = [...given];
  for (const { op, inputs } of steps) {
    const [x = 0, y = 0] = inputs.map((input) => values[input] as number);
    values.push(Math.fround(COMPUTE[op](x, y)));
  }
  return results.map((result) => values[result] as number);
}

describe("a program", () => {
  it("gives the bits of its operations one after the other", () => {
    const arena = Arena.open() as Arena;
    fc.assert(
      fc.property(cases, ({ program, arrays, numbers }) => {
        const { length } = arrays[0] as number[];
        const place = (values: readonly number[]) => {
          const array = arena.allocate(length) as Float32Array;
          array.set(values);
          return array;
        };
        const tensors = arrays.map(place);
        const results = program.results.map(() => place([]));
        const addresses = [...tensors, ...results].map(({ byteOffset }) => byteOffset);
        arena.functionOf(program)(...addresses, 4 * length, ...numbers);
        for (let i = 0; i < length; i++) {
          const given = [...tensors.map((array) => array[i] as number), ...numbers];
          expect(results.map((array) => array[i])).toEqual(expected(program, given));
        }
        for (const array of [...tensors, ...results]) arena.release(array);
      }),
    );
  });

  it("knows its operations", () => {
    expect([...UNARY, ...BINARY].every(isArithmetic)).toBe(true);
    expect(isArithmetic("Max")).toBe(false);
  });
});
