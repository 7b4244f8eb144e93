import { describe, expect, test } from 'vitest';
import type { Entity } from '../../src/data/entity.ts';
import { newId } from '../../src/data/ids.ts';
import { validateDocument, validatePaths } from '../../src/data/validate.ts';
import { Job } from '../../src/models/jobs/job.ts';
import { Track } from '../../src/models/media/track.ts';
import { Project } from '../../src/models/projects/project.ts';

const now = new Date();
const base = { _id: newId(Date.now()), user: newId(Date.now()), createdAt: now, updatedAt: now };
const file = { fileName: 'a.wav', contentType: 'audio/wav', size: 5, filePath: 'media/a' };
const project = { ...base, version: 1, name: '  Songs ', settings: { a: { b: [1, null] } } };
const track = { ...base, version: 1, project: newId(Date.now()), name: ' One ', ...file };
const audio = { durationSeconds: 1, sampleRate: 8000, channels: 1, codec: 'mp3', lossless: false };
const job = { ...base, version: 1, type: 'sweep', input: { id: newId(Date.now()) } };

describe('the stored document equals what Mongoose would have stored:', () => {
  const cases: [string, Entity, Record<string, unknown>][] = [
    ['plain fields, trimmed, with defaults', Project, project],
    ['a track that awaits its bytes', Track, track],
    [
      'parts and lists',
      Track,
      { ...track, audio, warnings: [{ code: 'CUT_OFF', message: 'short' }] },
    ],
    ['null where a field is optional', Track, { ...track, artist: null }],
    ['values to be cast', Track, { ...track, trackNumber: '7' }],
    [
      'as many characters as may be, of two units each',
      Track,
      { ...track, name: '🎵'.repeat(120) },
    ],
    ['the same in a part', Track, { ...track, error: { code: '🎵'.repeat(64), message: 'x' } }],
    ['a job', Job, { ...job, status: 'QUEUED', priority: 1, maxAttempts: 3, runAfter: now }],
  ];
  test.each(cases)('%s', async (_name, entity, values) => {
    const document = new entity.model(values).toObject({ flattenMaps: true, virtuals: false });
    const stored = Object.fromEntries(
      Object.entries(document).filter(([, value]) => value !== undefined),
    );
    expect(await validateDocument(entity, values)).toEqual(stored);
  });
});

describe('a validation error names the path of', () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ['a required field that is missing', { name: undefined }, 'name'],
    ['a text that is too long', { name: 'x'.repeat(121) }, 'name'],
    ['a value that is none of an enum', { status: 'LOST' }, 'status'],
    ['a number that is none', { trackNumber: 'seven' }, 'trackNumber'],
    [
      'a part whose text is too long',
      { error: { code: '🎵'.repeat(65), message: '' } },
      'error.code',
    ],
    ['a part with a fault', { audio: { ...audio, codec: undefined } }, 'audio.codec'],
  ];
  test.each(cases)('%s', async (_name, values, path) => {
    await expect(validateDocument(Track, { ...track, ...values })).rejects.toHaveProperty([
      'errors',
      path,
    ]);
  });

  test('a field that the schema lacks', async () => {
    await expect(validateDocument(Track, { ...track, colour: 'red' })).rejects.toThrow('colour');
  });

  test('a new value of a path', async () => {
    await expect(validatePaths(Track, { name: 'x'.repeat(121) })).rejects.toHaveProperty('errors');
    await validatePaths(Track, { name: 'short', trackNumber: 4 });
  });
});
