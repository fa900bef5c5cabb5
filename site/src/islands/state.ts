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
  /** A group, or "" for all. */
  readonly group: string;
  /** `variants` when each folds under its method. */
  readonly fold: "" | "variants";
  /** One size of the axis, or "" for all. */
  readonly size: string;
  /** The baseline whose crossovers are shown, or "" for all. */
  readonly vs: string;
  readonly sort: Sort;
  readonly descending: boolean;
}

export const ALL: ViewState = {
  q: "",
  group: "",
  fold: "",
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
    group: text("group"),
    fold: text("fold") === "variants" ? "variants" : "",
    size: text("size"),
    vs: text("vs"),
    sort,
    descending: direction === "desc",
  };
}

/** `?group=second-order&vs=adamw`; empty when everything is shown. */
export function writeState(state: ViewState): string {
  const query = new URLSearchParams();
  for (const key of ["q", "group", "fold", "size", "vs"] as const) {
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
  readonly groups: readonly string[];
  /** The method that it is a variant of, or "". */
  readonly variant: string;
  readonly size: string;
}

/** Whether an entry belongs to the view. */
export function isShown({ q, group, fold, size }: ViewState, entry: Entry): boolean {
  const wanted = q.trim().toLowerCase();
  return (
    (!group || entry.groups.includes(group)) &&
    (!fold || !entry.variant) &&
    (!size || !entry.size || entry.size === size) &&
    (!wanted || entry.name.toLowerCase().includes(wanted) || entry.optimizer.includes(wanted))
  );
}
