import { Problem } from './problem.ts';
import type { Source } from './source.ts';
import type { Upload } from './track.ts';

/** Streams a song to S3 by its presigned URL, and reports how many bytes were sent. */
export async function send(
  { method, url, headers }: Upload,
  source: Source,
  onBytes: (sent: number) => void,
): Promise<void> {
  let answer: Response;
  try {
    const body = countBytes(source, onBytes);
    // The length is signed, and fetch does not know that of a stream.
    const all = { ...headers, 'content-length': String(source.size) };
    answer = await fetch(url, { method, headers: all, body, duplex: 'half' });
  } catch (cause) {
    throw new Problem(`${source.fileName} could not be sent: S3 ended the connection.`, { cause });
  }
  const text = await answer.text();
  if (answer.ok) return;
  const reason = /<Message>([^<]+)/.exec(text)?.[1] ?? 'no reason given';
  throw new Problem(`S3 refused ${source.fileName} (${answer.status}): ${reason}`);
}

async function* countBytes(source: Source, onBytes: (sent: number) => void) {
  let sent = 0;
  for await (const piece of source.open()) {
    yield piece;
    sent += piece.length;
    onBytes(sent);
  }
}
