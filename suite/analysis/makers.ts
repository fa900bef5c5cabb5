/** Whose trials these are: a sweep's, whose run anybody can look at, or a person's. */
import type { Trial } from "../results/schema.ts";

/** `sweep`: carries the address of its run. `person`: carries a name, or none. */
export type Maker = { kind: "sweep" } | { kind: "person"; name: string | null };

/** Each maker once, in the order of the trials. */
export function makersOf(trials: readonly Pick<Trial, "provenance">[]): Maker[] {
  const makers = trials.map(
    ({ provenance: { runUrl, submittedBy } }): Maker =>
      runUrl ? { kind: "sweep" } : { kind: "person", name: submittedBy ?? null },
  );
  return [...new Map(makers.map((maker) => [makerWords(maker), maker])).values()];
}

/** A name is somebody's text: what could steer a terminal or hide is left out. */
export function makerWords(maker: Maker): string {
  if (maker.kind === "sweep") return "sweep";
  const name = maker.name?.replace(/[^\p{L}\p{N}\p{P}\p{Zs}]/gu, "").trim();
  return name ? `by ${name}` : "no name given";
}
