/** @file The palette as the page's own style element: light, dark, and the reader's choice. */
import { CHART_RULES, DARK_SERIES, LIGHT_SERIES, PHASE_DARK, PHASE_LIGHT } from "./svg-style.ts";

const dark = `${DARK_SERIES};${PHASE_DARK}`;

export const seriesStyle = `:root{${LIGHT_SERIES};${PHASE_LIGHT}}@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}:root[data-theme=dark]{${dark}}@media print{:root:root{${LIGHT_SERIES};${PHASE_LIGHT}}}${CHART_RULES.replace(/\n/g, "")}`;
