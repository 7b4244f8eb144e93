interface Plugin {
  hooks: Record<string, () => void>;
}

/**
 * A plugin of osls. After `osls deploy --package .serverless` osls deletes that folder, which it takes for
 * its own copy of the package; what was deployed is kept, to be looked at or deployed again. By then the
 * option has done all else.
 */
export default function KeepPackage(
  this: Plugin,
  _serverless: unknown,
  options: { package?: string },
): void {
  this.hooks = {
    'before:deploy:finalize': () => {
      delete options.package;
    },
  };
}
