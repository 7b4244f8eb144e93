import '../../harness/place.ts';
import { expect, test } from 'vitest';
import { given } from '../../harness/given.ts';
import { studio } from '../../samples/audio.ts';
import { frameOf } from '../../samples/independent.ts';
import { exported, fileOf, readyMedium } from '../given.ts';

/** Seconds in which nothing but one line of lyrics is seen. */
const LINES = [
  '吾輩は猫である名前はまだ無いどこで生れたかとんと見当がつかぬ',
  '我们的歌声飞过高山飞过大海飞到远方的城市里去寻找你',
  'ขอให้เหมือนเดิมตลอดไปไม่ว่าจะเป็นอย่างไรฉันก็ยังรักเธอ',
  '🎵'.repeat(40),
  'W'.repeat(40),
  'දුම්රියස්ථානයේසිටබලාසිටියෙමිඔබඑනතුරුමම',
  'നിങ്ങളുടെഹൃദയത്തിന്റെതാളംകേൾക്കുന്നുഞാനിപ്പോൾ',
];
const [WIDTH, HEIGHT, EDGE] = [360, 640, 4];

test('long lines in any script stay within the picture', async () => {
  await using files = await studio();
  const alice = await given.user();
  const { id: project } = await alice.project();
  const source = `sine=d=${LINES.length}:r=48000`;
  await readyMedium(alice, project, await files.make('song.wav', '-f', 'lavfi', '-i', source));
  const text = LINES.map((line, n) => `[00:0${n}.00]${line}`).join('\n');
  const picture = { type: 'VISUALIZER', color: '#000000', background: '#000000' };
  const settings = { preview: true, aspectRatio: '9:16', picture, lyrics: { format: 'LRC', text } };
  const made = await exported(alice, { project, format: 'MP4', settings });
  expect(made.error).toBeUndefined();
  const path = await files.write('made.mp4', await fileOf(alice, made));
  for (const [n, line] of LINES.entries()) {
    const frame = await frameOf(path, n + 0.5);
    expect(frame.length).toBe(3 * WIDTH * HEIGHT);
    const columns = new Set<number>();
    for (let at = 0; at < frame.length; at += 3) {
      if ((frame[at] ?? 0) > 128) columns.add((at / 3) % WIDTH);
    }
    expect(columns.size, `${line} is seen`).toBeGreaterThan(WIDTH / 3);
    expect(Math.min(...columns), `${line} on the left`).toBeGreaterThanOrEqual(EDGE);
    expect(Math.max(...columns), `${line} on the right`).toBeLessThan(WIDTH - EDGE);
  }
});
