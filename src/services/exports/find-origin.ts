import type { Ctx } from '../../context.ts';
import { type Base, entityNamed } from '../../data/entity.ts';
import { idText, UUID } from '../../data/ids.ts';
import { findMany } from '../../data/read.ts';
import { isGeneratedTerm } from '../media/metadata/source-type.ts';
import type { Owner } from './find-media.ts';
import type { PicturePlan } from './picture/picture-plan.ts';
import type { ExportOrigin, RenderPlan, Source } from './plan.ts';

interface Made extends Base {
  lineage?: { digitalSourceType?: unknown } | null;
  metadata?: { digitalSourceType?: unknown; c2pa?: unknown } | null;
}

const MADE = { lineage: 1, 'metadata.digitalSourceType': 1, 'metadata.c2pa': 1 };
/** The most media that are named. */
const MOST_NAMED = 50;

/**
 * Finds whether something that an export is made of was generated, and which of its sources have content
 * credentials; undefined where there is nothing to say.
 */
export async function findOrigin(
  ctx: Ctx,
  { user }: Owner,
  { sound, picture }: Pick<RenderPlan, 'sound' | 'picture'>,
): Promise<ExportOrigin | undefined> {
  const sources = [
    ...sound.clips.map(({ source }) => source),
    ...(picture ? listSources(picture) : []),
  ];
  const media: Made[] = [];
  for (const [name, some] of Map.groupBy(sources, ({ entity }) => entity)) {
    const ids = [...new Set(some.map(({ id }) => id))].map((id) => new UUID(id));
    const options = { projection: MADE, limit: ids.length };
    const filter = { _id: { $in: ids }, user };
    media.push(...(await findMany<Made>(ctx, entityNamed(name), filter, options)));
  }
  const generated = media.filter(isGenerated);
  const signed = media.filter(({ metadata }) => metadata?.c2pa);
  if (generated.length === 0 && signed.length === 0) return undefined;
  const isWhole = generated.length === media.length;
  return {
    ...(generated.length > 0 && {
      term: isWhole ? 'trainedAlgorithmicMedia' : 'compositeWithTrainedAlgorithmicMedia',
    }),
    ...(signed.length > 0 && {
      credentialsOf: signed.slice(0, MOST_NAMED).map(({ _id }) => idText(_id)),
    }),
  };
}

/** What the lineage of an export keeps of that. */
export function describeOrigin({ term, credentialsOf }: ExportOrigin = {}): object {
  return { ...(term && { digitalSourceType: term }), ...(credentialsOf && { credentialsOf }) };
}

function isGenerated({ lineage, metadata }: Made): boolean {
  return [lineage, metadata].some((of) => isGeneratedTerm(of?.digitalSourceType));
}

function listSources({ show }: PicturePlan): Source[] {
  if (show.type === 'SLIDESHOW') return show.images.map(({ source }) => source);
  if (show.type === 'VIDEOS') return show.videos.map(({ source }) => source);
  return show.image ? [show.image.source] : [];
}
