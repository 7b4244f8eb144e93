import { readFile } from 'node:fs/promises';
import { UUID } from '../../src/data/ids.ts';
import { Track } from '../../src/models/media/track.ts';
import type { Doc, MediaKind, Person } from '../harness/given.ts';
import { stored } from '../harness/stored.ts';
import { until } from '../harness/until.ts';

export interface ExportSeen extends Doc {
  size: number;
  progress: number;
  durationSeconds: number;
  fileName: string;
  contentType: string;
  checksum: string;
  job: string;
  loudness: { integratedLufs: number; truePeakDbtp: number };
  expiresAt: string;
  error?: { code: string; message: string };
}

/** A project with a track that is READY, though its bytes are nowhere. */
export async function projectWithTrack(person: Person): Promise<string> {
  const { id } = await person.project();
  await stored(Track, person, {
    ...{ project: new UUID(id), status: 'READY', object: { etag: 'none' }, filePath: 'nowhere' },
    audio: { durationSeconds: 10, sampleRate: 44_100, channels: 2, codec: 'mp3', lossless: false },
  });
  return id;
}

/** Uploads a file into a project, and waits until it is READY. */
export async function readyMedium(
  person: Person,
  project: string,
  path: string,
  kind: MediaKind = 'tracks',
  values: Record<string, unknown> = {},
): Promise<Doc> {
  const fileName = path.slice(path.lastIndexOf('/') + 1);
  const made = await person.uploads(await readFile(path), { project, fileName, ...values }, kind);
  return person.waitsFor(made, 'READY', 120_000, kind);
}

/** Starts an export, and waits for its end. */
export async function exported(person: Person, body: object): Promise<ExportSeen> {
  const { status, body: made, text } = await person.post<ExportSeen>('/v1/exports', body);
  if (status !== 202) throw new Error(`It was not started: ${status} ${text}`);
  return ended(person, made);
}

function ended(person: Person, { id }: Doc): Promise<ExportSeen> {
  return until(
    'the export has ended',
    async () => {
      const { body } = await person.get<ExportSeen>(`/v1/exports/${id}`);
      return ['COMPLETED', 'FAILED', 'CANCELLED'].includes(body.status) && body;
    },
    300_000,
  );
}

/** The bytes of an export's file, by its link. */
export async function fileOf(person: Person, { id }: Doc): Promise<Buffer> {
  const { body } = await person.get<Doc & { url: string }>(`/v1/exports/${id}/file`);
  return Buffer.from(await (await fetch(body.url)).arrayBuffer());
}
