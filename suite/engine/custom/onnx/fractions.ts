/**
 * @file The fractions of an inverse root (rational.ts) as tensors:
 *
 *   X = (S + ρλI)^(−1/p) = σ^(−1/p)·(c I + Σⱼ wⱼ (Ŝ + sⱼ I)⁻¹),   Ŝ = (S + ρλI)/σ,  σ = λ(1 + ρ)
 *
 * with λ the largest eigenvalue and ρ the ridge, so that Ŝ's spectrum lies in [ρ/(1 + ρ), 1]. The
 * number of fractions follows from ρ alone: 2 to 9 in float32. A term is `(fⱼ S + tⱼ I)⁻¹`: with its
 * weight inside, what is added up needs none.
 */
import type { GraphBuilder } from "../../graph.ts";
import { type RootAttributes, rootFractions, type SimpleFractions } from "../rational.ts";
import { eachBlock, type Lower } from "./blocks.ts";
import type { Spectrum } from "./residual.ts";

/** Fractions in groups of one size, which are factored at once. */
export interface FractionTensors {
  readonly groups: number;
  readonly size: number;
  /** fⱼ and tⱼ, `[groups, size]`. */
  readonly factors: string;
  readonly shifts: string;
  /** `σ^(−1/p)·c`, a scalar. */
  readonly diagonal: string;
}

/** @param atOnce how many fractions make up a group, at most */
export function fractionTensors(
  b: GraphBuilder,
  { top, rho }: Omit<Spectrum, "s">,
  atOnce: number,
  attributes: RootAttributes,
): FractionTensors {
  const { p, precision: dtype } = attributes;
  const { constant, groups } = grouped(rootFractions(attributes), atOnce);
  const size = groups[0]?.length as number;
  const number = (value: number) => b.constant(value, dtype);
  const table = (pick: (fraction: Fraction) => number) =>
    b.constant(
      groups.flatMap((group) => group.map(pick)),
      dtype,
      [groups.length, size],
    );
  const scale = b.node("Mul", [top, b.node("Add", [rho, number(1)])]);
  const power = b.node("Pow", [scale, number(-1 / p)]);
  const weights = b.node("Mul", [table(({ weight }) => weight), power]);
  const factors = b.node("Reciprocal", [b.node("Mul", [weights, scale])]);
  const base = b.node("Div", [b.node("Mul", [rho, top]), scale]);
  const shifts = b.node("Div", [b.node("Add", [table(({ shift }) => shift), base]), weights]);
  const diagonal = b.node("Mul", [power, number(constant)]);
  return { groups: groups.length, size, factors, shifts, diagonal };
}

/** One group's matrices `fⱼ S + tⱼ I`: a stack, or one where groups have one. */
export interface ShiftedGroup {
  /** `fⱼ S` */
  readonly scaled: Lower;
  /** fⱼ, to multiply matrices with, and tⱼ. */
  readonly factor: string;
  readonly shift: string;
  /** Matrices in the stack; left out for one. */
  readonly count?: number;
}

/** @param index of the group, an int64 scalar */
export function shiftedGroup(
  b: GraphBuilder,
  { size, factors, shifts }: FractionTensors,
  matrix: Lower,
  index: string,
): ShiftedGroup {
  const row = (list: string) => b.node("Gather", [list, index], { axis: 0 });
  const one = size === 1;
  const factor = b.reshape(row(factors), one ? [] : [size, 1, 1]);
  return {
    scaled: eachBlock(matrix, (block) => b.node("Mul", [block, factor])),
    factor,
    shift: b.reshape(row(shifts), one ? [] : [size]),
    ...(!one && { count: size }),
  };
}

interface Fraction {
  readonly shift: number;
  readonly weight: number;
}

/** The fractions in groups of one size; halves of a fraction fill up. */
function grouped(
  { constant, shifts, weights }: SimpleFractions,
  atOnce: number,
): { constant: number; groups: Fraction[][] } {
  const count = Math.ceil(shifts.length / atOnce);
  const size = Math.ceil(shifts.length / count);
  const missing = count * size - shifts.length;
  const fractions = shifts.map((shift, j) => {
    const weight = weights[j] as number;
    return { shift, weight: j < missing ? weight / 2 : weight };
  });
  const filled = [...fractions, ...fractions.slice(0, missing)];
  return {
    constant,
    groups: Array.from({ length: count }, (_, i) => filled.slice(i * size, (i + 1) * size)),
  };
}
