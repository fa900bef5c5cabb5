/** @file Addresses on the Hugging Face hub, or on the mirror that `HF_ENDPOINT` names. */

export function hubEndpoint(environment: NodeJS.ProcessEnv = process.env): string {
  return (environment.HF_ENDPOINT || "https://huggingface.co").replace(/\/+$/, "");
}

/** A file of a dataset at a revision: a branch, a tag, a commit or a reference. */
export interface HubLocation {
  /** Such as "ylecun/mnist". */
  readonly repository: string;
  readonly revision: string;
}

/** Where a file is downloaded from. */
export function hubFile(endpoint: string, { repository, revision }: HubLocation, path: string) {
  return `${endpoint}/datasets/${repository}/resolve/${encodeURIComponent(revision)}/${path}`;
}

/** Where the files of a folder are listed, as JSON. */
export function hubListing(
  endpoint: string,
  { repository, revision }: HubLocation,
  folder: string,
) {
  return `${endpoint}/api/datasets/${repository}/tree/${encodeURIComponent(revision)}/${folder}`;
}
