import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Submission, Verdict } from '../../../src/services/generation/moderation.ts';

/** A moderation that says what a test wants. */
export interface Moderator {
  url: string;
  /** What it was asked, in order. */
  asked: Submission[];
  /** Says what it answers next; null: it fails. What was fetched is the files that it was shown. */
  answer(verdict: (submission: Submission) => Verdict | null): void;
  fetched: Buffer[];
  stop(): Promise<void>;
}

/** Starts one, which allows everything until a test says otherwise. */
export async function startModerator(): Promise<Moderator> {
  let decide: (submission: Submission) => Verdict | null = allow;
  const asked: Submission[] = [];
  const fetched: Buffer[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const submission = JSON.parse(Buffer.concat(chunks).toString()) as Submission;
    asked.push(submission);
    for (const { url } of submission.media) {
      fetched.push(Buffer.from(await (await fetch(url)).arrayBuffer()));
    }
    const verdict = decide(submission);
    response.writeHead(verdict ? 200 : 500, { 'content-type': 'application/json' });
    response.end(JSON.stringify(verdict ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    fetched,
    answer(verdict) {
      decide = verdict;
      asked.length = 0;
      fetched.length = 0;
    },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The verdict in favour. */
export function allow(): Verdict {
  return { verdict: 'ALLOW', reason: '' };
}
