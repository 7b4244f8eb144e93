import type { Ctx } from '../../context.ts';
import { UUID } from '../../data/ids.ts';
import { findOne } from '../../data/read.ts';
import { type Fault, mergeFaults } from '../../errors.ts';
import type { ExportFormat } from '../../models/exports/export.ts';
import { Project } from '../../models/projects/project.ts';
import { planArchive } from './archive/plan-archive.ts';
import { type Awaited, findNamed, type NamedMedia, type Owner } from './find-media.ts';
import { listNamed } from './list-named.ts';
import { planPicture } from './picture/plan-picture.ts';
import { keepRight, type RightSettings } from './right-settings.ts';
import { checkSettings, type ExportSettings } from './settings.ts';
import { type PlannedSound, planSound } from './sound/plan-sound.ts';

/** What is asked for, as far as it is right in itself. */
interface Asked {
  user: UUID;
  /** Without it nothing is known of what the settings may be. */
  format?: ExportFormat;
  settings: object;
  project?: UUID;
  awaited?: Awaited | undefined;
}

/** Finds nothing. */
const NOWHERE = new UUID('00000000-0000-0000-0000-000000000000');

/** Every fault of an export that is asked for: what is wrong with one part hides nothing of the others. */
export async function findExportFaults(
  ctx: Ctx,
  { user, project: id, format, settings: asked, awaited }: Asked,
): Promise<Fault[]> {
  const project = id ? await findOne(ctx, Project, { _id: id, user }) : null;
  const gone = id && !project ? [{ path: 'project', message: 'there is no such project' }] : [];
  if (!format) return gone;
  const { settings, faults, paths } = checkSettings(format, asked);
  const named = await findNamed(ctx, { user, awaited }, listNamed(settings));
  const right = keepRight(format, asked, paths);
  const owner = { user, project: project?._id ?? NOWHERE, awaited };
  const of = { owner, right, named: named.media, hasProject: project !== null };
  const known = [gone, faults, named.faults];
  if (format !== 'ZIP') return mergeFaults(...known, await findInMedia(ctx, format, of));
  const archive = project && (await planArchive(ctx, owner, right.settings, project));
  return mergeFaults(...known, archive?.faults ?? []);
}

interface Of {
  owner: Owner;
  right: RightSettings;
  named: NamedMedia;
  hasProject: boolean;
}

/** What may be said of a picture only where all of the sound is known: it depends on lengths, beats, lyrics. */
const OF_ALL_SOUND = /^settings\.(titles\.\d+\.from|picture\.cutToBeat|lyrics\.source)$/;

/** Faults of how things fit: lengths, places, what was found in the media. */
async function findInMedia(ctx: Ctx, format: ExportFormat, of: Of): Promise<Fault[]> {
  const { owner, right, named, hasProject } = of;
  const { settings, isSoundRight } = right;
  const isHeard = isSoundRight && (hasProject || settings.clips !== undefined);
  const heard = isHeard ? await planSound(ctx, owner, settings, named) : SILENCE;
  if (format !== 'MP4') return heard.faults;
  const isWhole =
    isHeard && heard.unknown === 0 && heard.media.length === (settings.clips ?? heard.media).length;
  const shown = isPictureKnown(of) ? settings : { ...settings, picture: PLAIN };
  const { faults } = await planPicture(ctx, owner, shown, { named, heard });
  return [...heard.faults, ...(isWhole ? faults : dropUnsure(faults))];
}

/** Leaves out what depends on all of the sound, where not all of it is known. */
export function dropUnsure(faults: Fault[]): Fault[] {
  return faults.filter(({ path }) => !OF_ALL_SOUND.test(path));
}

/** Whether it is known which pictures there are: without a project only those that are named. */
function isPictureKnown({ right, hasProject }: Of): boolean {
  const { picture } = right.settings;
  if (!right.isPictureRight) return false;
  if (hasProject || picture?.type === 'VISUALIZER') return true;
  return picture?.type === 'VIDEOS' ? picture.videos !== undefined : picture?.images !== undefined;
}

/** Nothing can be wrong with it. */
const PLAIN: ExportSettings['picture'] = {
  ...{ type: 'VISUALIZER', style: 'WAVEFORM', color: '#ffffff', background: '#101418' },
};

const SILENCE: PlannedSound = {
  sound: { clips: [], arrangement: 'SEQUENCE', crossfade: 0, sampleRate: 48_000, loudness: null },
  ...{ media: [], seconds: 0, unknown: 0, faults: [] },
};
