/** @file HTML as escaped template strings: what every view is made of. */

/** Text that is already HTML. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

export type Child = Html | string | number | null | undefined | false | readonly Child[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

function textOf(child: Child): string {
  if (child === null || child === undefined || child === false) return "";
  if (child instanceof Html) return child.text;
  if (typeof child === "object") return child.map(textOf).join("");
  return escaped(`${child}`);
}

/** Interpolated values are escaped unless they are HTML themselves; lists are joined. */
export function html(strings: TemplateStringsArray, ...children: Child[]): Html {
  let text = strings[0] ?? "";
  children.forEach((child, index) => {
    text += textOf(child) + (strings[index + 1] ?? "");
  });
  return new Html(text);
}

/** Marks text as HTML. */
export function raw(text: string): Html {
  return new Html(text);
}
