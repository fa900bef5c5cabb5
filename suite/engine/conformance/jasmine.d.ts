/** The part of jasmine's runner that the conformance run uses; the package ships no types. */
declare module "jasmine" {
  interface SpecResult {
    status: "passed" | "failed" | "pending" | "excluded";
    fullName: string;
    failedExpectations: { message: string }[];
  }

  export default class Jasmine {
    constructor(options: { projectBaseDir: string });
    exitOnCompletion: boolean;
    readonly env: {
      configure(options: { specFilter: (spec: { getFullName(): string }) => boolean }): void;
    };
    loadConfig(config: { random: boolean }): void;
    clearReporters(): void;
    addReporter(reporter: { specDone(result: SpecResult): void }): void;
    execute(): Promise<unknown>;
  }
}
