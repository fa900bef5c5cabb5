import { describe, expect, it } from "vitest";
import { type Buffer, BufferPool } from "./pool.ts";

const MEGABYTE = 2 ** 18;

describe("the buffer pool", () => {
  it("gives a released buffer to the next of its dtype and length, and to no other", () => {
    const pool = new BufferPool();
    const buffer = pool.take("float32", 10);
    pool.give(buffer);
    expect(pool.take("int32", 10)).not.toBe(buffer);
    expect(pool.take("float32", 11)).not.toBe(buffer);
    expect(pool.take("float32", 10)).toBe(buffer);
    expect(pool.take("float32", 10)).not.toBe(buffer);
    expect(pool.allocations).toBe(4);
  });

  it("lets the sizes go that were not asked for longest", () => {
    const pool = new BufferPool();
    const stale = Array.from({ length: 500 }, () => pool.take("float32", MEGABYTE));
    for (const buffer of stale) pool.give(buffer);
    const recent = Array.from({ length: 100 }, () => pool.take("float32", MEGABYTE + 1));
    for (const buffer of recent) pool.give(buffer);
    expect(pool.pooledBytes).toBeLessThanOrEqual(2 ** 29);
    pool.allocations = 0;
    for (let i = 0; i < 100; i++) pool.take("float32", MEGABYTE + 1);
    expect(pool.allocations).toBe(0);
  });

  it("holds what the largest graph puts out, however much that is", () => {
    const pool = new BufferPool();
    pool.expect(600 * 4 * MEGABYTE);
    const state = Array.from({ length: 600 }, () => pool.take("float32", MEGABYTE));
    for (const buffer of state) pool.give(buffer);
    pool.allocations = 0;
    for (let i = 0; i < 600; i++) pool.take("float32", MEGABYTE);
    expect(pool.allocations).toBe(0);
  });

  it("copies what was taken over where it is to be settled, once", () => {
    const pool = new BufferPool();
    const adopted = pool.adopt("float32", Float32Array.of(1, 2)) as Buffer;
    const settled = pool.settle(adopted);
    expect(settled).not.toBe(adopted);
    expect([...settled.data]).toEqual([1, 2]);
    expect(pool.settle(settled)).toBe(settled);
  });

  it("takes over arrays that own their memory alone", () => {
    const pool = new BufferPool();
    const whole = new Float32Array(8);
    expect(pool.adopt("float32", whole)?.data).toBe(whole);
    expect(pool.adopt("float32", whole)).toBeNull();
    expect(pool.adopt("float32", whole.subarray(2))).toBeNull();
    expect(pool.adopt("float32", pool.take("float32", 4).data)).toBeNull();
  });
});
