import type { Ctx } from '../../context.ts';
import type { DocOf } from '../../data/entity.ts';
import { findOne } from '../../data/read.ts';
import { invalid } from '../../errors.ts';
import type { Export, ExportFormat } from '../../models/exports/export.ts';
import { Project } from '../../models/projects/project.ts';
import { planArchive } from './archive/plan-archive.ts';
import { findCover } from './find-cover.ts';
import { dropUnsure, findExportFaults } from './find-faults.ts';
import { type FoundMedium, findNamed, type Owner } from './find-media.ts';
import { findOrigin } from './find-origin.ts';
import { listNamed } from './list-named.ts';
import { planPicture } from './picture/plan-picture.ts';
import type { ExportPlan, RenderPlan, SoundEncoding, Tags } from './plan.ts';
import { checkSettings, type ExportSettings } from './settings.ts';
import { planSound } from './sound/plan-sound.ts';

/** What is asked for. */
export type AskedExport = Owner & { format: ExportFormat; settings: object };

/** What an export is made of, as far as that is known. */
interface MadePlan {
  plan: ExportPlan;
  seconds: number;
  /** Whether it is: what is awaited may be of any length. */
  isWhole: boolean;
}

/** An export as it is stored. */
export type ExportDoc = DocOf<typeof Export>;

/**
 * Plans an export completely: whatever can be wrong is found here, before any work.
 * @throws AppError VALIDATION_FAILED with every fault
 */
export async function makePlan(ctx: Ctx, asked: AskedExport): Promise<MadePlan> {
  const { format, settings: wanted, ...owner } = asked;
  const { settings, faults } = checkSettings(format, wanted);
  const project = await findOne(ctx, Project, { _id: owner.project, user: owner.user });
  const named = await findNamed(ctx, owner, listNamed(settings));
  if (faults.length > 0 || named.faults.length > 0 || !project)
    throw invalid(await findExportFaults(ctx, asked));
  if (format === 'ZIP') {
    const archive = await planArchive(ctx, owner, settings, project);
    if (archive.faults.length > 0) throw invalid(archive.faults);
    return { plan: archive.plan, seconds: 0, isWhole: true };
  }
  const planned = await planSound(ctx, owner, settings, named.media);
  faults.push(...planned.faults);
  const of = { project, media: planned.media, named: named.media };
  const picture =
    format === 'MP4'
      ? await planPicture(ctx, owner, settings, { named: named.media, heard: planned })
      : null;
  const isWhole = planned.unknown === 0;
  const seen = picture?.faults ?? [];
  faults.push(...(isWhole ? seen : dropUnsure(seen)));
  if (faults.length > 0) throw invalid(faults);
  const plan: RenderPlan = {
    format,
    name: project.name,
    sound: picture ? { ...planned.sound, sampleRate: 48_000 } : planned.sound,
    encoding: chooseEncoding(format, settings),
    tags: chooseTags(settings, project, planned.media),
    cover: picture ? null : await findCover(ctx, owner, settings, of),
    picture: picture?.picture ?? null,
  };
  const origin = await findOrigin(ctx, owner, plan);
  if (origin) plan.origin = origin;
  return { plan, seconds: planned.seconds, isWhole };
}

/** What a preview has of each second, in kbit/s. */
const PREVIEW_KBITS = 96;

function chooseEncoding(
  format: RenderPlan['format'],
  { quality, bitDepth = 16, bitRate, preview }: ExportSettings,
): SoundEncoding {
  const codec = format === 'M4A' || format === 'MP4' ? 'AAC' : format;
  const small = preview ? PREVIEW_KBITS : null;
  const kbits = format === 'MP3' ? (quality === 'V0' ? null : 320) : (bitRate ?? null);
  return { codec, bitDepth: preview ? 16 : bitDepth, bitRate: small ?? kbits };
}

/** What the settings say, then what the one track says, or else the project. */
function chooseTags(
  { tags }: ExportSettings,
  project: { name: string },
  media: FoundMedium[],
): Tags {
  const [only] = media;
  if (!only || media.length > 1) return { title: project.name, album: project.name, ...tags };
  const found = only.metadata ?? {};
  const known: Record<string, string | number | null | undefined> = {
    title: only.name,
    artist: only.artist ?? found.artist,
    album: only.album ?? found.album ?? project.name,
    albumArtist: found.albumArtist,
    genre: only.genre ?? found.genre,
    date: found.date ?? found.year,
    trackNumber: only.trackNumber ?? found.trackNumber,
    composer: found.composer,
    copyright: found.copyright,
    comment: found.comment,
  };
  const present = Object.entries(known).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return { ...Object.fromEntries(present.map(([name, value]) => [name, String(value)])), ...tags };
}
