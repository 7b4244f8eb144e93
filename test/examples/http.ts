import { call } from '../harness/given.ts';
import type { Block } from './blocks.ts';
import { likeness } from './likeness.ts';

/** A request or an answer as HTTP writes it: a first line, headers, an empty line, a body. */
interface Message {
  first: string;
  headers: Record<string, string>;
  body: string;
}

/** A request of a document, and the answer that is printed under it. */
export interface Exchange {
  request: Block;
  answer: Block;
}

/** The requests of a document with their answers. @throws Error for one that stands alone */
export function exchangesOf(blocks: Block[]): Exchange[] {
  const http = blocks.filter((b) => b.language === 'http');
  return http.flatMap((request, i): Exchange[] => {
    if (isAnswer(request)) return [];
    const answer = http[i + 1];
    if (!answer || !isAnswer(answer)) throw new Error(`No answer: ${request.text}`);
    return [{ request, answer }];
  });
}

/** How often a `repeated` request is sent until it is answered as printed. */
const MOST = 30;

/** Sends the requests of a document, in order. Returns where an answer is not as printed. */
export async function replay(exchanges: Exchange[]): Promise<string[]> {
  const like = likeness();
  const wrong: string[] = [];
  for (const { request, answer } of exchanges) {
    const { first, headers, body } = messageOf(like.filled(request.text));
    const [method = '', path = ''] = first.split(' ');
    const send = () => call(method, path, { headers, ...(body && { raw: body }) });
    const printed = messageOf(answer.text);
    const status = printed.first.split(' ')[1] as string;
    let given = await send();
    for (let i = 1; request.info === 'repeated' && `${given.status}` !== status && i < MOST; i++) {
      given = await send();
    }
    const now = Object.keys(printed.headers).map((name) => [name, given.headers.get(name)]);
    const found = [
      ...like.differences(status, `${given.status}`, 'status'),
      ...like.differences(printed.headers, Object.fromEntries(now), 'headers'),
      ...like.differences(printed.body && JSON.parse(printed.body), given.text && given.body),
    ];
    wrong.push(...found.map((it) => `${request.heading}: ${method} ${path} ${it}`));
  }
  return wrong;
}

function isAnswer({ text }: Block): boolean {
  return text.startsWith('HTTP/');
}

function messageOf(text: string): Message {
  const [head = '', body = ''] = text.trim().split(/\n\n([\s\S]*)/);
  const [first = '', ...lines] = head.split('\n');
  const headers = lines.map((line) => {
    const [name = '', value] = line.split(/: (.*)/);
    return [name.toLowerCase(), value];
  });
  return { first, headers: Object.fromEntries(headers), body };
}
