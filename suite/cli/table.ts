/** @file A table for terminals. */

/** Columns padded to their widest cell: names to the left, columns of numbers to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => [...(row[column] ?? "")].length)),
  );
  const numeric = header.map((_, column) =>
    rows.every((row) => /^[-−–·\d]|^$|^not /.test(row[column] ?? "")),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const space = " ".repeat((widths[column] as number) - [...cell].length);
        return numeric[column] && column > 0 ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  return [line(header), rule, ...rows.map(line)].join("\n");
}
