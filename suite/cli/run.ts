/** @file How every command ends: exit code 0, 1 (failed) or 2 (wrong use), one clear message. */
import { type Command, CommanderError } from "commander";
import { EngineError } from "../engine/error.ts";
import { UsageError } from "../protocol/error.ts";

/** Parses the command line, runs the command, and exits. */
export async function runCommand(command: Command): Promise<void> {
  command.exitOverride();
  try {
    await command.parseAsync();
  } catch (error) {
    process.exitCode = report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    return 2;
  }
  // Its message holds the hint already.
  if (error instanceof EngineError) process.stderr.write(`${error.message}\n`);
  else process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}
