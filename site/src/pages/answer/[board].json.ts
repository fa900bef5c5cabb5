/** @file A board's scored cells, for answers in the browser. -∞ is written as null. */
import type { APIRoute } from "astro";
import { measuredBoards, type TaskBoard } from "../../data/boards.ts";

export const getStaticPaths = () =>
  measuredBoards().map((board) => ({
    params: { board: `${board.task.id}.${board.tier}` },
    props: { board },
  }));

export const GET: APIRoute = ({ props }) => {
  const { cells } = (props as { board: TaskBoard }).board;
  const slim = cells.map(
    ({
      elsewhere: _,
      bestOfK: __,
      edges: ___,
      statuses: ____,
      datasetChecksums: _____,
      ...cell
    }) => ({
      ...cell,
      configurations: cell.configurations.map(({ key, flops, status, select, report }) => ({
        key,
        flops,
        status,
        select,
        report,
      })),
      seeds: cell.seeds.map(({ keys: ______, ...seed }) => seed),
    }),
  );
  return new Response(JSON.stringify(slim));
};
