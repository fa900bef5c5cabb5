import fc from "fast-check";
import { expect, it } from "vitest";
import { Arena } from "./arena.ts";

const GIBIBYTE = 2 ** 28;

it("gives arrays that do not touch, and all of its room back", () => {
  const arena = Arena.open() as Arena;
  const command = fc.record({ length: fc.integer({ min: 0, max: 5000 }), drop: fc.nat() });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const held: Float32Array[] = [];
      for (const { length, drop } of commands) {
        const array = arena.allocate(length) as Float32Array;
        expect(array.length).toBe(length);
        expect(array.byteOffset % 64).toBe(0);
        for (const other of held) {
          const apart = [array, other].sort((a, b) => a.byteOffset - b.byteOffset);
          const [low, high] = apart as [Float32Array, Float32Array];
          expect(low.byteOffset + low.byteLength).toBeLessThanOrEqual(high.byteOffset);
        }
        held.push(array);
        if (drop % 3 > 0) arena.release(held.splice(drop % held.length, 1)[0] as Float32Array);
      }
      for (const array of held) arena.release(array);
      const whole = Array.from({ length: 4 }, () => arena.allocate(GIBIBYTE));
      expect(whole.every((array) => array !== null)).toBe(true);
      expect(arena.allocate(1)).toBeNull();
      for (const array of whole) arena.release(array as Float32Array);
    }),
    { numRuns: 50 },
  );
});

it("tells its arrays from others", () => {
  const arena = Arena.open() as Arena;
  expect(arena.holds(arena.allocate(3) as Float32Array)).toBe(true);
  expect(arena.holds(new Float32Array(3))).toBe(false);
});
