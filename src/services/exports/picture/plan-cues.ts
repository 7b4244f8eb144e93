import type { Fault } from '../../../errors.ts';
import type { FoundMedium } from '../find-media.ts';
import type { Clip, SoundPlan } from '../plan.ts';
import type { ExportSettings } from '../settings.ts';
import type { PlannedSound } from '../sound/plan-sound.ts';
import { refuseMissing } from './divide-by-font.ts';
import { detectFormat, readLyrics } from './lyrics.ts';
import type { Cue } from './picture-plan.ts';

interface PlannedCues {
  cues: Cue[];
  faults: Fault[];
}

/** The lyrics of the settings, in times of the export; or those of the tracks, each where its track is. */
export function planCues({ lyrics }: ExportSettings, heard: PlannedSound): PlannedCues {
  if (!lyrics) return { cues: [], faults: [] };
  if ('source' in lyrics) return planOwnCues(heard);
  const read = readLyrics(lyrics.format, lyrics.text);
  if ('fault' in read)
    return { cues: [], faults: [{ path: 'settings.lyrics.text', message: read.fault }] };
  const cues = cutCues(read.cues, { from: 0, to: heard.seconds, at: 0 });
  const message = refuseMissing(joinTexts(cues));
  return { cues, faults: message ? [{ path: 'settings.lyrics.text', message }] : [] };
}

function planOwnCues({ sound, media }: PlannedSound): PlannedCues {
  const starts = findStarts(sound);
  const faults: Fault[] = [];
  const cues = sound.clips.flatMap((clip, n) => {
    const text = (media[n] as FoundMedium).lyrics ?? (media[n] as FoundMedium).metadata?.lyrics;
    const format = typeof text === 'string' ? detectFormat(text) : null;
    const read = format && readLyrics(format, String(text));
    if (!read) return [];
    if ('fault' in read) {
      faults.push({ path: 'settings.lyrics', message: `of ${clip.source.name}: ${read.fault}` });
      return [];
    }
    const { from, seconds } = clip;
    const own = cutCues(read.cues, { from, to: from + seconds, at: starts[n] as number });
    const missing = refuseMissing(joinTexts(own));
    if (missing) {
      faults.push({ path: 'settings.lyrics', message: `of ${clip.source.name}: ${missing}` });
    }
    return own;
  });
  if (cues.length === 0 && faults.length === 0) {
    const message = 'no track has lyrics with times, as LRC or SRT';
    faults.push({ path: 'settings.lyrics.source', message });
  }
  return { cues, faults };
}

const joinTexts = (cues: Cue[]) => cues.map(({ text }) => text).join('\n');

/** Where each clip begins, in seconds. */
function findStarts({ clips, arrangement, crossfade }: SoundPlan): number[] {
  if (arrangement === 'MIX') return clips.map(({ at }) => at);
  let next = 0;
  return clips.map(({ seconds }: Clip) => {
    const start = next;
    next += seconds - crossfade;
    return start;
  });
}

/** The cues within a part of a source, moved to where that part is. */
function cutCues(cues: Cue[], part: { from: number; to: number; at: number }): Cue[] {
  return cues
    .filter(({ from, to }) => to > part.from && from < part.to)
    .map(({ from, to, text }) => ({
      from: Math.max(from, part.from) - part.from + part.at,
      to: Math.min(to, part.to) - part.from + part.at,
      text,
    }));
}
