/** What serverless.yml deploys, as far as this machine can run it. */
export type Deployment = {
  /** The folder of serverless.yml. */
  root: string;
  service: string;
  functions: DeployedFunction[];
  queues: DeployedQueue[];
};

/** A Lambda function and the events that call it. */
export type DeployedFunction = {
  name: string;
  /** The absolute path of its file, and the name of the exported handler. */
  file: string;
  exportName: string;
  /** Seconds. */
  timeout: number;
  /** MB. */
  memory: number;
  /** The plain values of its environment variables, including those of the provider. */
  environment: Record<string, string>;
  /** Whether it has a URL of its own, at which it streams. */
  isStreaming: boolean;
  routes: HttpRoute[];
  uploads: UploadRule[];
  queues: QueueSource[];
  schedules: Schedule[];
};

/**
 * `method` is `ANY` for all methods; `path` is `$default` for every path that no other route
 * matches.
 */
export type HttpRoute = { method: string; path: string };

/** An S3 event, such as `s3:ObjectCreated:*`, for keys with this prefix and suffix. */
export type UploadRule = { event: string; prefix: string; suffix: string };

/**
 * A queue whose messages call a function; `partial` if its answer names the messages that failed.
 */
export type QueueSource = {
  queue: string;
  batchSize: number;
  partial: boolean;
  concurrency: number;
};

/** `rate(…)` or `cron(…)`, in the syntax of EventBridge. */
export type Schedule = { expression: string; input: unknown };

/** A queue: its logical id, the environment variable with its URL, and its SQS attributes. */
export type DeployedQueue = {
  id: string;
  variable: string;
  attributes: Record<string, string>;
  /** The logical id of its dead-letter queue, and after how many failures a message goes there. */
  deadLetters?: { queue: string; after: number };
};
