/** @file The palette, once: for the page's style sheet and for SVG files that stand alone. */

/** Series colours on light and on dark pages. */
export const COLOURS = {
  light: [
    "#6b6b6b",
    "#1f1f1f",
    "#0067a5",
    "#b84a00",
    "#00755a",
    "#a83a78",
    "#7d6200",
    "#5a3fc0",
    "#8f2d2d",
  ],
  dark: [
    "#a9a9a9",
    "#f2f2f2",
    "#63b3f0",
    "#ff9557",
    "#45cba0",
    "#ee97c6",
    "#e3c456",
    "#b3a1ff",
    "#ff9a93",
  ],
} as const;

const variables = (colours: readonly string[]) =>
  colours.map((colour, index) => `--c${index}:${colour}`).join(";");

export const LIGHT_SERIES = variables(COLOURS.light);
export const DARK_SERIES = variables(COLOURS.dark);

/** Rules that page and file share; colours come from variables. */
export const CHART_RULES = `
text{font:12px var(--sans,system-ui,sans-serif);fill:var(--ink-2)}
text.c{text-anchor:middle}text.e{text-anchor:end}
text.l{font-size:12.5px;fill:var(--ink)}text.n{font-size:13px;fill:var(--ink)}
.halo{paint-order:stroke;stroke:var(--page);stroke-width:5px}
text.v{font-size:11.5px;text-anchor:middle}
.g{stroke:var(--rule);fill:none}.a{stroke:var(--ink-2);fill:none}.z{stroke:var(--ink);stroke-dasharray:1 3;fill:none}
.d{stroke:var(--ink-3);fill:none;stroke-width:.7}.q{stroke:var(--rule);fill:none}
.u{fill:none;stroke:var(--ink-3);stroke-width:1;stroke-linejoin:round}.r{fill:var(--page);stroke:var(--s);stroke-width:2.2}
.k{fill:none;stroke:var(--s);stroke-width:2;stroke-linejoin:round}
.b{fill:var(--s);opacity:.13;stroke:none}.m{fill:var(--s);stroke:var(--page);stroke-width:.8}.m.o{fill:var(--page);stroke:var(--s);stroke-width:1.8}
.w{stroke:var(--s);stroke-width:4;stroke-linecap:round;opacity:.55;fill:none}
${COLOURS.light.map((_, index) => `.c${index}{--s:var(--c${index})}`).join("")}
${["#fbeee3", "#f3cfae", "#e8a97a", "#cf7a45", "#a95422", "#7f3a12", "#562507"].map((fill, index) => `.h${index}{fill:${fill}}.h${index}t{fill:${index < 4 ? "#1c1b19" : "#fff"}}`).join("")}
.hx{fill:var(--sunk)}.hxt{fill:var(--ink-2)}
${[0, 1, 2, 3, 4, 5].map((index) => `.f${index}{fill:var(--f${index})}`).join("")}`;

/** Phases of a step: from light to dark in one hue for the backbone, another for second order. */
export const PHASE_LIGHT =
  "--f0:#9db8c9;--f1:#6f93ab;--f2:#e3a36f;--f3:#b8581a;--f4:#7d3606;--f5:#444";
export const PHASE_DARK =
  "--f0:#4d6b7e;--f1:#7fa6bd;--f2:#a8602c;--f3:#e18a49;--f4:#ffc79b;--f5:#bbb";

export const STANDALONE_STYLE = `svg{--ink:#1c1b19;--ink-2:#55534e;--ink-3:#8b887f;--rule:#dedad0;--page:#fff;--sunk:#eee;${LIGHT_SERIES};${PHASE_LIGHT}}${CHART_RULES}`;
