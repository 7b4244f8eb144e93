import type { Ctx } from '../../../context.ts';
import { idText } from '../../../data/ids.ts';
import type { Fault } from '../../../errors.ts';
import {
  type FoundMedium,
  findOfProject,
  isKnown,
  type NamedMedia,
  type Owner,
  toSource,
} from '../find-media.ts';
import type { ExportSettings } from '../settings.ts';
import type { PlannedSound } from '../sound/plan-sound.ts';
import { refuseMissing } from './divide-by-font.ts';
import type { PicturePlan, Slideshow, Videos, Visualizer } from './picture-plan.ts';
import {
  ASPECT_RATIOS,
  MOST_PICTURES,
  type SlideshowSettings,
  type VideosSettings,
  type VisualizerSettings,
} from './picture-settings.ts';
import { planCues } from './plan-cues.ts';

interface PlannedPicture {
  picture: PicturePlan;
  faults: Fault[];
}

/** The shorter side of a preview, in pixels, and its frames a second. */
const [PREVIEW_SIDE, PREVIEW_FPS] = [360, 24];

/** Plans what is seen: what the settings say, or the project's images, or what the music looks like. */
export async function planPicture(
  ctx: Ctx,
  owner: Owner,
  settings: ExportSettings,
  { named, heard }: { named: NamedMedia; heard: PlannedSound },
): Promise<PlannedPicture> {
  const { preview, titles } = settings;
  const resolution = preview ? PREVIEW_SIDE : settings.resolution;
  const { show, faults } = await planShow(ctx, owner, settings, { named, heard });
  const lyrics = planCues(settings, heard);
  const late = titles.flatMap(({ from }, n) => {
    if (from < heard.seconds) return [];
    return [{ path: `settings.titles.${n}.from`, message: `is after the end, ${heard.seconds} s` }];
  });
  const unwritable = titles.flatMap(({ text }, n) => {
    const message = refuseMissing(text);
    return message ? [{ path: `settings.titles.${n}.text`, message }] : [];
  });
  const picture: PicturePlan = {
    ...computeSize(settings.aspectRatio, resolution),
    fps: preview ? PREVIEW_FPS : settings.fps,
    ...{ show, titles, cues: lyrics.cues, isPreview: preview },
  };
  return { picture, faults: [...faults, ...lyrics.faults, ...late, ...unwritable] };
}

function computeSize(ratio: keyof typeof ASPECT_RATIOS, side: number) {
  const [across, down] = ASPECT_RATIOS[ratio];
  const long = 2 * Math.round((side * Math.max(across, down)) / Math.min(across, down) / 2);
  return across >= down ? { width: long, height: side } : { width: side, height: long };
}

type Planned<T> = { show: T; faults: Fault[] };
type Of = { named: NamedMedia; heard: PlannedSound };

async function planShow(
  ctx: Ctx,
  owner: Owner,
  { picture }: ExportSettings,
  of: Of,
): Promise<Planned<PicturePlan['show']>> {
  if (picture?.type === 'VISUALIZER')
    return { show: planVisualizer(picture, of.named), faults: [] };
  if (picture?.type === 'VIDEOS') return planVideos(ctx, owner, picture, of);
  const asked = picture ?? {
    type: 'SLIDESHOW',
    motion: 'KEN_BURNS',
    crossfade: 1,
    cutToBeat: false,
  };
  const found = await planSlideshow(ctx, owner, asked, of);
  if (picture || found.show.images.length > 0) return found;
  const usual = { style: 'WAVEFORM', color: '#ffffff', background: '#101418' } as const;
  return { show: planVisualizer({ type: 'VISUALIZER', ...usual }, of.named), faults: [] };
}

async function planSlideshow(
  ctx: Ctx,
  owner: Owner,
  { images, motion, crossfade, cutToBeat }: SlideshowSettings,
  { named, heard }: Of,
): Promise<Planned<Slideshow>> {
  const faults: Fault[] = [];
  const own = images ? [] : await findOfProject(ctx, owner, 'Image', MOST_PICTURES + 1);
  if (own.length > MOST_PICTURES) {
    const message = `name the images: the project has more than ${MOST_PICTURES}`;
    faults.push({ path: 'settings.picture.images', message });
  }
  if (!images && own.length === 0) {
    faults.push({
      path: 'settings.picture.images',
      message: 'the project has no image that is READY',
    });
  }
  const chosen = images
    ? images.map(({ image, seconds }) => ({
        medium: named.get(idText(image)),
        seconds: seconds ?? null,
      }))
    : own.map((medium) => ({ medium, seconds: null }));
  const bpm = heard.media.find(({ analysis }) => analysis?.bpm)?.analysis?.bpm ?? null;
  if (cutToBeat && bpm === null) {
    faults.push({ path: 'settings.picture.cutToBeat', message: 'no beat was heard in the tracks' });
  }
  const show: Slideshow = {
    type: 'SLIDESHOW',
    images: chosen.flatMap(({ medium, seconds }) => {
      return medium ? [{ ...toPicture(medium), seconds }] : [];
    }),
    isMoving: motion === 'KEN_BURNS',
    ...{ crossfade, bpm: cutToBeat ? bpm : null },
  };
  return { show, faults };
}

async function planVideos(
  ctx: Ctx,
  owner: Owner,
  { videos }: VideosSettings,
  { named }: Of,
): Promise<Planned<Videos>> {
  const own = videos ? [] : await findOfProject(ctx, owner, 'Video', MOST_PICTURES);
  const asked = videos ?? own.map(({ _id }) => ({ video: _id, from: 0, to: undefined }));
  const media = new Map([...named, ...own.map((medium) => [idText(medium._id), medium] as const)]);
  const faults: Fault[] = [];
  if (asked.length === 0) {
    faults.push({
      path: 'settings.picture.videos',
      message: 'the project has no video that is READY',
    });
  }
  const chosen = asked.flatMap(({ video, from, to }, n) => {
    const medium = media.get(idText(video));
    // One that is missing has been told.
    if (!medium || !isKnown(medium)) return [];
    const { durationSeconds = 0, width = 0, height = 0, transfer } = medium.video ?? {};
    const path = `settings.picture.videos.${n}`;
    if (from >= durationSeconds)
      faults.push({ path: `${path}.from`, message: 'is not before its end' });
    if (to !== undefined && to > durationSeconds + 0.05) {
      faults.push({ path: `${path}.to`, message: `is after its end, ${durationSeconds} s` });
    }
    const end = Math.min(to ?? durationSeconds, durationSeconds);
    return [
      { source: toSource('Video', medium), width, height, hdr: transfer ?? null, from, to: end },
    ];
  });
  return { show: { type: 'VIDEOS', videos: chosen }, faults };
}

function planVisualizer(
  { style, color, background, backgroundImage }: VisualizerSettings,
  named: NamedMedia,
): Visualizer {
  const medium = backgroundImage && named.get(idText(backgroundImage));
  return { type: 'VISUALIZER', style, color, background, image: medium ? toPicture(medium) : null };
}

function toPicture(medium: FoundMedium) {
  return { source: toSource('Image', medium), orientation: medium.image?.orientation ?? 1 };
}
