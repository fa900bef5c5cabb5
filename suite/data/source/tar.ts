/** @file Files out of a `.tgz`, in memory. */
import { list } from "tar";
import { DataError } from "../error.ts";

/**
 * The contents of the named files, in the order given.
 * @throws DataError "corrupt" if the archive is cut or broken, or lacks one of them.
 */
export async function filesInArchive(
  archive: string,
  names: readonly string[],
): Promise<Uint8Array[]> {
  const found = new Map<string, Buffer>();
  try {
    await list({
      file: archive,
      strict: true,
      filter: (name) => names.includes(name),
      onReadEntry(entry) {
        const parts: Buffer[] = [];
        entry.on("data", (part: Buffer) => parts.push(part));
        entry.on("end", () => found.set(entry.path, Buffer.concat(parts)));
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError("corrupt", `The archive ${archive} is broken (${reason}).`, AGAIN, {
      cause,
    });
  }
  return names.map((name) => {
    const content = found.get(name);
    if (content) return content;
    throw new DataError("corrupt", `The archive ${archive} lacks the file ${name}.`, AGAIN);
  });
}

const AGAIN = "Try again: it is fetched anew.";
