/** What serverless.yml deploys, as far as this machine plays it. */
export type Deployment = {
  /** The folder of serverless.yml. */
  root: string;
  service: string;
  functions: DeployedFunction[];
  queues: DeployedQueue[];
};

/** One Lambda function and what calls it. */
export type DeployedFunction = {
  name: string;
  /** The file, absolute, and the export that is the handler. */
  file: string;
  exportName: string;
  /** Seconds. */
  timeout: number;
  /** MB. */
  memory: number;
  /** The plain values of its environment, the provider's included. */
  environment: Record<string, string>;
  routes: HttpRoute[];
  uploads: UploadRule[];
  queues: QueueSource[];
  schedules: Schedule[];
};

/** `method` is `ANY` for all of them, `path` is `$default` for whatever no other route takes. */
export type HttpRoute = { method: string; path: string };

/** An S3 event: kinds such as `s3:ObjectCreated:*`, narrowed by the key's ends. */
export type UploadRule = { event: string; prefix: string; suffix: string };

/** A queue that wakes a function; `partial` when it reports the messages that failed. */
export type QueueSource = {
  queue: string;
  batchSize: number;
  partial: boolean;
  concurrency: number;
};

/** `rate(…)` or `cron(…)` as EventBridge writes them. */
export type Schedule = { expression: string; input: unknown };

/** A queue by its logical id, the variable that carries its URL, and its SQS attributes. */
export type DeployedQueue = {
  id: string;
  variable: string;
  attributes: Record<string, string>;
  /** The logical id of the queue that takes what failed too often. */
  deadLetters?: { queue: string; after: number };
};
