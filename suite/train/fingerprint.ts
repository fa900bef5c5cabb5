/** @file The bits of a trained model, in 64 digits. */
import { createHash } from "node:crypto";
import type { Model } from "../nn/model.ts";

/** SHA-256 over all parameters' and buffers' bytes in declaration order. */
export async function fingerprint(model: Model): Promise<string> {
  const hash = createHash("sha256");
  for (const { variable } of [...model.parameters, ...model.buffers]) {
    const values = await variable.data();
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
