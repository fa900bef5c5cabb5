/** @file What a study's claims come to, as text. */
import { CLAIMS } from "../analysis/claims/catalogue.ts";
import type { ClaimResult, ClaimStatistic } from "../analysis/claims/claim.ts";
import { shortNumber } from "./words.ts";

/** Longer lists of what is missing are cut: the site has them whole. */
const MOST_MISSING = 5;

export function verdictText({ id, verdict, finding, statistics, missing }: ClaimResult): string {
  const claim = CLAIMS.find((one) => one.id === id);
  const more = missing.length > MOST_MISSING ? [`and ${missing.length - MOST_MISSING} more`] : [];
  const lines = [
    `Claim: ${claim?.statement ?? id}`,
    `  ${verdict.toUpperCase()} (${finding})`,
    `  Rule: ${claim?.rule ?? ""}`,
    ...statistics.map((one) => `  ${statisticText(one)}`),
    ...[...missing.slice(0, MOST_MISSING), ...more].map((one) => `  missing: ${one}`),
  ];
  return lines.join("\n");
}

function statisticText({ name, value, interval }: ClaimStatistic): string {
  const range = interval
    ? `95%: ${shortNumber(interval.low)} to ${shortNumber(interval.high)}`
    : "no interval";
  return `${name}: ${Number.isNaN(value) ? "not known" : shortNumber(value)} (${range})`;
}
