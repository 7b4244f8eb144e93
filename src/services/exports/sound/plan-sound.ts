import type { Ctx } from '../../../context.ts';
import { idText, type UUID } from '../../../data/ids.ts';
import type { Fault } from '../../../errors.ts';
import {
  compareTracks,
  type FoundMedium,
  findOfProject,
  isKnown,
  type NamedMedia,
  type Owner,
  toSource,
} from '../find-media.ts';
import type { Clip, SoundPlan } from '../plan.ts';
import {
  type ClipSettings,
  type ExportSettings,
  MOST_CLIPS,
  MOST_MIXED,
  MOST_SECONDS,
} from '../settings.ts';

/** The sound of an export, with the media that it is made of. */
export interface PlannedSound {
  sound: SoundPlan;
  /** In the order of the clips. */
  media: FoundMedium[];
  /** As known before decoding. */
  seconds: number;
  /** How many clips are left out, since it is not known yet how long they are. */
  unknown: number;
  faults: Fault[];
}

/** Chooses clips: those of the settings, or all tracks of the project. */
export async function planSound(
  ctx: Ctx,
  owner: Owner,
  settings: ExportSettings,
  named: NamedMedia,
): Promise<PlannedSound> {
  const { media, asked, unknown, faults } = settings.clips
    ? pickClips(settings.clips, named)
    : await findTracks(ctx, owner);
  const clips = media.map((medium, n) => planClip(medium, asked[n] as ClipSettings));
  const { arrangement, crossfade } = settings;
  const seconds = computeSeconds(clips, settings);
  const rate = Math.min(48_000, Math.max(44_100, ...clips.map((clip) => clip.sampleRate)));
  const sound: SoundPlan = {
    ...{ clips, arrangement, crossfade },
    sampleRate: settings.sampleRate ?? (rate === 44_100 ? 44_100 : 48_000),
    loudness: settings.normalize ? settings.loudness : null,
  };
  const all = [...faults, ...findFaults(sound, asked, seconds)];
  return { sound, media, seconds, unknown, faults: all };
}

/** A clip with its number among those that were asked for. */
type NumberedClip = ClipSettings & { n: number };

/** Clips whose source is missing are left out: that has been told. */
function pickClips(clips: ClipSettings[], named: NamedMedia) {
  const found = clips.flatMap((clip, n) => {
    const medium = named.get(idText((clip.track ?? clip.audio) as UUID));
    return medium ? [{ medium, clip: { ...clip, n } }] : [];
  });
  const known = found.filter(({ medium }) => isKnown(medium));
  const faults: Fault[] = [];
  return {
    media: known.map((f) => f.medium),
    asked: known.map((f) => f.clip),
    unknown: found.length - known.length,
    faults,
  };
}

async function findTracks(ctx: Ctx, owner: Owner) {
  const found = await findOfProject(ctx, owner, 'Track', MOST_CLIPS + 1);
  const media = found.filter(isKnown).sort(compareTracks);
  const faults: Fault[] = [];
  if (found.length === 0) {
    faults.push({ path: 'project', message: 'has no track that is READY' });
  }
  if (found.length > MOST_CLIPS) {
    const message = `name the clips: the project has more than ${MOST_CLIPS} tracks`;
    faults.push({ path: 'settings.clips', message });
  }
  const asked = media.map(({ _id }, n): NumberedClip => {
    return { n, track: _id, from: 0, gain: 0, fadeIn: 0, fadeOut: 0, at: 0 };
  });
  return { media, asked, unknown: found.length - media.length, faults };
}

function planClip(
  medium: FoundMedium,
  { track, from, to, gain, fadeIn, fadeOut, at }: ClipSettings,
): Clip {
  const { durationSeconds = 0, channels = 2, sampleRate = 44_100 } = medium.audio ?? {};
  return {
    source: toSource(track ? 'Track' : 'Audio', medium),
    ...{ channels, sampleRate, from, to: to ?? null, gain, fadeIn, fadeOut, at },
    seconds: Math.max(0, Math.min(to ?? durationSeconds, durationSeconds) - from),
  };
}

function computeSeconds(clips: Clip[], { arrangement, crossfade }: ExportSettings): number {
  if (arrangement === 'MIX') return Math.max(0, ...clips.map(({ at, seconds }) => at + seconds));
  const sum = clips.reduce((total, { seconds }) => total + seconds, 0);
  return Math.max(0, sum - crossfade * Math.max(0, clips.length - 1));
}

/** A rounding of lengths is no fault, in seconds. */
const ROUNDING = 0.002;

function findFaults(
  { clips, arrangement, crossfade }: SoundPlan,
  asked: NumberedClip[],
  total: number,
): Fault[] {
  const faults = clips.flatMap(({ seconds, from, fadeIn, fadeOut }, i): Fault[] => {
    const { n, to } = asked[i] as NumberedClip;
    const path = `settings.clips.${n}`;
    const known = from + seconds;
    const found: Fault[] = [];
    if (seconds <= 0)
      found.push({ path: `${path}.from`, message: 'is not before the end of its source' });
    else if (to !== undefined && to > known + ROUNDING) {
      found.push({ path: `${path}.to`, message: `is after the end of its source, ${known} s` });
    }
    if (fadeIn + fadeOut > seconds + ROUNDING) {
      found.push({ path, message: 'fades in and out for longer than it lasts' });
    }
    // The first and the last clip cross with another at one end, those between at both.
    const ends = (n > 0 ? 1 : 0) + (n < clips.length - 1 ? 1 : 0);
    if (arrangement === 'SEQUENCE' && ends * crossfade > seconds) {
      const message = `is more than ${ends === 2 ? 'half of ' : ''}clip ${n}, ${seconds} s`;
      found.push({ path: 'settings.crossfade', message });
    }
    return found;
  });
  if (arrangement === 'MIX' && clips.length > MOST_MIXED) {
    faults.push({ path: 'settings.clips', message: `a mix has at most ${MOST_MIXED} clips` });
  }
  if (arrangement === 'MIX' && crossfade > 0) {
    faults.push({ path: 'settings.crossfade', message: 'is for clips in sequence only' });
  }
  if (total > MOST_SECONDS) {
    const message = `the export would last ${Math.round(total)} s; the most is ${MOST_SECONDS} s`;
    faults.push({ path: 'settings.clips', message });
  }
  return faults;
}
