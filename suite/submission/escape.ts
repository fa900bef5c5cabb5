/** @file Untrusted text on its way into Markdown: it stays text. */

/** Characters that Markdown, HTML or tables give a meaning to. */
const SPECIAL = /[^\p{L}\p{N} ,;?%…✓✗×−]/gu;

/** Marks that change the direction or the looks of the text around them, and invisible ones. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{M}]/gu;

/**
 * One line of text for a Markdown comment, a list or a cell of a table. Every character with a meaning
 * is a numeric reference, so there is no markup; and the whole is an HTML `code`, because GitHub looks
 * for mentions, issues and commits in the finished page, where references are resolved, everywhere but
 * in `code`, `pre` and links.
 *
 * @param most characters
 */
export function quoted(text: string, most = 200): string {
  const characters = [...text.replace(/\s+/g, " ").trim().replace(INVISIBLE, "�")];
  const cut = characters.length > most ? [...characters.slice(0, most - 1), "…"] : characters;
  const inner = cut.join("").replace(SPECIAL, (one) => `&#${one.codePointAt(0)};`);
  return `<code>${inner}</code>`;
}
