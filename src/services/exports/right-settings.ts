import { UUID } from '../../data/ids.ts';
import type { ExportFormat } from '../../models/exports/export.ts';
import { type CheckedSettings, checkSettings, type ExportSettings } from './settings.ts';

type Path = CheckedSettings['paths'][number];

/** Settings without what is wrong with them, so that the rest can be judged. */
export interface RightSettings {
  settings: ExportSettings;
  /** Whether it is known which clips there are, and how they follow each other. */
  isSoundRight: boolean;
  isPictureRight: boolean;
}

/** Names no medium. */
const NONE = new UUID('00000000-0000-0000-0000-000000000000');
const LEFT_OUT_CLIP = { track: NONE, from: 0, gain: 0, fadeIn: 0, fadeOut: 0, at: 0 };
const LEFT_OUT_TITLE = { text: '', from: 0, to: 0, position: 'CENTER' } as const;

/**
 * Takes the values out of settings that are wrong, by the paths of the faults, so that the usual ones stand
 * there. Clips and titles that are not right even then are left out, the others keep their numbers.
 */
export function keepRight(format: ExportFormat, asked: object, paths: Path[]): RightSettings {
  const kept: object = JSON.parse(JSON.stringify(asked));
  for (const path of paths) takeOut(kept, path);
  const { settings, paths: wrong } = checkSettings(format, kept);
  for (const [key, n] of wrong) {
    if (key === 'clips' && settings.clips) settings.clips[n as number] = LEFT_OUT_CLIP;
    if (key === 'titles') settings.titles[n as number] = LEFT_OUT_TITLE;
    if (key === 'lyrics') delete settings.lyrics;
  }
  const had = new Set(paths.map((path) => path.join('.')));
  return {
    settings,
    isSoundRight: !had.has('clips') && !had.has('arrangement'),
    isPictureRight:
      !['picture', 'picture.images', 'picture.videos'].some((path) => had.has(path)) &&
      !wrong.some(([key]) => key === 'picture'),
  };
}

function takeOut(settings: object, path: Path): void {
  let within: Record<string, unknown> | undefined = settings as Record<string, unknown>;
  for (const key of path.slice(0, -1)) within = within?.[key] as typeof within;
  const last = path.at(-1);
  if (typeof within !== 'object' || within === null || last === undefined) return;
  // What stands after it keeps its number.
  if (Array.isArray(within)) within[last as number] = null;
  else delete within[last];
}
