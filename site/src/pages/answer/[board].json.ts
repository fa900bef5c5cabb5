/** @file A board's scored cells, for answers in the browser. */
import type { APIRoute } from "astro";
import { measuredBoards, type TaskBoard } from "../../data/boards.ts";
import { slimCells } from "../../islands/cells.ts";

export const getStaticPaths = () =>
  measuredBoards().map((board) => ({
    params: { board: `${board.task.id}.${board.tier}` },
    props: { board },
  }));

export const GET: APIRoute = ({ props }) => {
  const { board } = props as { board: TaskBoard };
  return new Response(JSON.stringify(slimCells(board.cells)));
};
