/**
 * @file The fractions of an inverse root (rational.ts) as tensors:
 *
 *   X = (S + ρλI)^(−1/p) = σ^(−1/p)·(c I + Σⱼ wⱼ (S/σ + tⱼ I)⁻¹),   σ = λ(1 + ρ),  tⱼ = sⱼ + ρ/(1 + ρ)
 *
 * with λ the largest eigenvalue and ρ the ridge, so that the spectrum of (S + ρλI)/σ lies in
 * [ρ/(1 + ρ), 1]. The number of fractions follows from ρ alone: 2 to 9 in float32.
 */
import type { GraphBuilder } from "../../graph.ts";
import { type RootAttributes, rootFractions, type SimpleFractions } from "../rational.ts";
import type { Spectrum } from "./residual.ts";

/** Fractions in groups of one size, which are factored at once. */
export interface FractionTensors {
  readonly groups: number;
  readonly size: number;
  /** tⱼ, `[groups, size]`. */
  readonly shifts: string;
  /** `σ^(−1/p)·wⱼ`, `[groups, size]`. */
  readonly weights: string;
  /** `σ^(−1/p)·c`, a scalar. */
  readonly diagonal: string;
  /** σ, a scalar. */
  readonly scale: string;
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
  const onePlus = b.node("Add", [rho, number(1)]);
  const scale = b.node("Mul", [top, onePlus]);
  const power = b.node("Pow", [scale, number(-1 / p)]);
  const ridge = b.node("Div", [rho, onePlus]);
  const shifts = b.node("Add", [table(({ shift }) => shift), ridge]);
  const weights = b.node("Mul", [table(({ weight }) => weight), power]);
  const diagonal = b.node("Mul", [power, number(constant)]);
  return { groups: groups.length, size, shifts, weights, diagonal, scale };
}

/** One group's tⱼ and `σ^(−1/p)·wⱼ`: `[size]`, or scalars where groups have one. */
export interface FractionGroup {
  readonly shift: string;
  readonly weight: string;
  /** How many; left out for one. */
  readonly count?: number;
}

/** @param index of the group, an int64 scalar */
export function fractionGroup(
  b: GraphBuilder,
  { size, shifts, weights }: FractionTensors,
  index: string,
): FractionGroup {
  const row = (table: string) =>
    b.reshape(b.node("Gather", [table, index], { axis: 0 }), size === 1 ? [] : [size]);
  return { shift: row(shifts), weight: row(weights), ...(size > 1 && { count: size }) };
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
