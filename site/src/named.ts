/** @file Sentences of the analysis speak of ids; people read names. Browser-safe. */

/** Replaces whole ids by their names. */
export function namer(
  names: readonly (readonly [id: string, name: string])[],
): (text: string) => string {
  const known = new Map(names);
  const ids = [...known.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?<![\\w-])(?:${ids.join("|")})(?![\\w-])`, "g");
  return (text) => text.replace(pattern, (id) => known.get(id) ?? id);
}
