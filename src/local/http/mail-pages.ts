import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer } from './answer.ts';

interface StoredMail {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  at: string;
}

const MOST = 100;
const PATH = /^\/dev\/mail(?:\/([\w-]{1,64})(\.html)?)?$/;

/**
 * The pages at /dev/mail: the newest mails, and each as text and HTML. There is no such page where the
 * backend is deployed. Undefined for any other path.
 */
export async function showMail(dir: string, path: string): Promise<Answer | undefined> {
  const [isMatch, id, isBody] = PATH.exec(path) ?? [];
  if (!isMatch) return undefined;
  if (!id) return answerPage('Mail', await listMails(dir));
  const mail = await readMail(dir, id);
  if (!mail) return { ...answerPage('Mail', '<p>There is no such mail.'), status: 404 };
  // The mail itself may load nothing and run nothing, and its links open a page of their own.
  if (isBody) return answerHtml(mail.html.replace('<head>', '<head><base target="_blank">'));
  return answerPage(mail.subject, showOne(mail));
}

async function listMails(dir: string): Promise<string> {
  const mails = await Promise.all((await findNewest(dir)).map((id) => readMail(dir, id)));
  const rows = mails
    .filter((mail) => mail !== undefined)
    .map(
      ({ id, at, to, subject }) =>
        `<tr><td>${escapeHtml(at)}<td>${escapeHtml(to)}<td><a href="/dev/mail/${id}">${escapeHtml(subject)}</a>`,
    );
  return rows.length > 0 ? `<table>${rows.join('\n')}</table>` : '<p>No mail has been sent yet.';
}

/** The names of mails are ids, which sort by time. */
async function findNewest(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []; // the first mail makes the folder
    throw error;
  });
  const ids = names.filter((n) => n.endsWith('.json')).map((n) => n.slice(0, -'.json'.length));
  return ids.sort().reverse().slice(0, MOST);
}

async function readMail(dir: string, id: string): Promise<StoredMail | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, `${id}.json`), 'utf8')) as StoredMail;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function showOne({ id, at, to, subject, text }: StoredMail): string {
  return `<p><a href="/dev/mail">All mails</a>
<p>To ${escapeHtml(to)}, ${escapeHtml(at)}
<h1>${escapeHtml(subject)}</h1>
<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" src="/dev/mail/${id}.html"></iframe>
<pre>${escapeHtml(text)}</pre>`;
}

function answerPage(title: string, body: string): Answer {
  return answerHtml(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>
<style>body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
td{padding:.25rem 1rem .25rem 0}iframe{width:100%;height:24rem;border:1px solid #ccc}
pre{white-space:pre-wrap;overflow-wrap:anywhere}</style></head>
<body>${body}</body></html>`);
}

function answerHtml(body: string): Answer {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'self'; frame-ancestors 'self'",
    'x-content-type-options': 'nosniff',
  };
  return { status: 200, headers, body };
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] as string);
}
