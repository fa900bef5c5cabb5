/** @file The sitemap: every page but the cells', which boards link to. */
import type { APIRoute } from "astro";
import { allBoards, allPairs, sliceHref } from "../data/boards.ts";
import { OPTIMIZERS, STUDIES } from "../data/catalogue.ts";
import { boardLink, link, optimizerLink, pairLink, studyLink } from "../data/links.ts";

const TOP = [
  "",
  "boards/",
  "optimizers/",
  "pairs/",
  "paper/",
  "findings/",
  "answer/",
  "race/",
  "method/",
  "submit/",
  "log/",
  "cite/",
];

export const GET: APIRoute = ({ site }) => {
  const paths = [
    ...TOP.map((path) => link(`/${path}`)),
    ...allBoards().map(({ task, tier }) => boardLink(task.id, tier)),
    ...allBoards().flatMap(({ slices }) => slices.slice(1).map(sliceHref)),
    ...OPTIMIZERS.map(({ declaration }) => optimizerLink(declaration.id)),
    ...allPairs().map(({ challenger, baseline }) => pairLink(challenger, baseline)),
    ...STUDIES.map(({ id }) => studyLink(id)),
  ];
  const urls = paths.map((path) => `<url><loc>${new URL(path, site)}</loc></url>`);
  return new Response(
    `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls.join("\n")}</urlset>\n`,
  );
};
