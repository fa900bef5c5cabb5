/** @file Why something of a submission may not stand: said the same way by every check. */

/** `refused` closes the door; `note` is for the person who reviews. */
export interface Finding {
  readonly level: "refused" | "note";
  /** The rule, in a few fixed words: never text of the submission. */
  readonly rule: string;
  /** The path that it is about, as given by the submission: untrusted text. */
  readonly where: string;
  /** What is wrong and what to do: may quote the submission. */
  readonly message: string;
}

export const refused = (rule: string, where: string, message: string): Finding => ({
  level: "refused",
  rule,
  where,
  message,
});

export const note = (rule: string, where: string, message: string): Finding => ({
  level: "note",
  rule,
  where,
  message,
});

export const anyRefused = (findings: readonly Finding[]): boolean =>
  findings.some(({ level }) => level === "refused");
