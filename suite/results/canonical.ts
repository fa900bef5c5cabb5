/** @file One way to write a value as JSON, so that equal results are equal files and diffs are small. */

/**
 * Indented JSON in which a list of plain values takes one line. Objects keep their key order:
 * callers pass what the schema parsed, which has the schema's order; free-form records are sorted.
 */
export function canonicalJson(value: unknown, indent = ""): string {
  if (Array.isArray(value)) {
    if (value.every((entry) => entry === null || typeof entry !== "object")) {
      return `[${value.map((entry) => JSON.stringify(entry)).join(",")}]`;
    }
    const inner = `${indent} `;
    const entries = value.map((entry) => inner + canonicalJson(entry, inner));
    return `[\n${entries.join(",\n")}\n${indent}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent} `;
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .map(([key, entry]) => `${inner}${JSON.stringify(key)}: ${canonicalJson(entry, inner)}`);
  return entries.length === 0 ? "{}" : `{\n${entries.join(",\n")}\n${indent}}`;
}

/** The same record with its keys in alphabetical order. */
export function sortedRecord<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
