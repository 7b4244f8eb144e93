import './support/setup.ts';
import { test } from 'vitest';
import { bombs, filesThatNameOthers, texts } from './attacks/media.ts';

test('A22 playlists and lists: no file makes ffmpeg fetch a URL or read another file', () =>
  filesThatNameOthers());

test('A23 archive bombs: refused soon, never unpacked', () => bombs());

test('A20 stalled event loop: no text makes the naming of a foreign file try for ever', () =>
  texts());
