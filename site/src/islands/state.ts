/** @file What a view of a board is: read from the query string, written back to it. */

export const SORTS = [
  "rank",
  "score",
  "position",
  "optimizer",
  "steps",
  "flops",
  "seconds",
] as const;
export type Sort = (typeof SORTS)[number];

export interface ViewState {
  /** Part of an optimizer's name. */
  readonly q: string;
  /** A family, or "" for all. */
  readonly family: string;
  /** One size of the axis, or "" for all. */
  readonly size: string;
  /** The baseline whose crossovers are shown, or "" for all. */
  readonly vs: string;
  readonly sort: Sort;
  readonly descending: boolean;
}

export const ALL: ViewState = {
  q: "",
  family: "",
  size: "",
  vs: "",
  sort: "position",
  descending: false,
};

/** Unknown values fall back to showing everything. */
export function readState(query: string): ViewState {
  const given = new URLSearchParams(query);
  const text = (key: string) => given.get(key) ?? "";
  const [name = "", direction] = text("sort").split(".");
  const sort = SORTS.find((one) => one === name) ?? ALL.sort;
  return {
    q: text("q"),
    family: text("family"),
    size: text("size"),
    vs: text("vs"),
    sort,
    descending: direction === "desc",
  };
}

/** `?vs=adamw&family=second-order`; empty when everything is shown. */
export function writeState(state: ViewState): string {
  const query = new URLSearchParams();
  for (const key of ["q", "family", "size", "vs"] as const) {
    if (state[key]) query.set(key, state[key]);
  }
  if (state.sort !== ALL.sort || state.descending) {
    query.set("sort", state.descending ? `${state.sort}.desc` : state.sort);
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}

export interface Entry {
  readonly optimizer: string;
  readonly name: string;
  readonly family: string;
  readonly size: string;
}

/** Whether an entry belongs to the view. */
export function isShown({ q, family, size }: ViewState, entry: Entry): boolean {
  const wanted = q.trim().toLowerCase();
  return (
    (!family || entry.family === family) &&
    (!size || !entry.size || entry.size === size) &&
    (!wanted || entry.name.toLowerCase().includes(wanted) || entry.optimizer.includes(wanted))
  );
}
