declare module 'uppy-adapter' {
  /** What docs/uploads.md shows. */
  export function uploadWithUppy(
    uppy: unknown,
    call: (method: string, path: string, body?: Record<string, unknown>) => Promise<unknown>,
    kind: string,
    describe: (file: File) => Record<string, unknown>,
  ): void;
}
