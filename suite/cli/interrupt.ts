/** @file Ctrl-C once: checkpoint what is in flight, then stop. Twice: stop now. */

export async function interruptible(
  note: (line: string) => void,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<{ interrupted: boolean }> {
  const controller = new AbortController();
  const onInterrupt = () => {
    if (controller.signal.aborted) process.exit(130);
    note("Stopping: trials in flight are checkpointed. Press Ctrl-C again to stop at once.");
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onInterrupt);
  try {
    await work(controller.signal);
  } finally {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onInterrupt);
  }
  return { interrupted: controller.signal.aborted };
}
