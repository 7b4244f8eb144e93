import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import type { Fault } from '../../errors.ts';
import { type FoundMedium, findNamed, type Owner } from './find-media.ts';
import type { ExportSettings } from './settings.ts';

/**
 * Finds the picture that a file shows as its cover: the image of the settings, that of the project, or
 * what is embedded in the only track. Always a derivative, which we made.
 */
export async function findCover(
  ctx: Ctx,
  owner: Owner,
  { cover: asked }: ExportSettings,
  { project, media }: { project: { coverImage?: UUID | null }; media: FoundMedium[] },
): Promise<{ cover: { key: string } | null; faults: Fault[] }> {
  if (asked === null) return { cover: null, faults: [] };
  const image = asked ?? project.coverImage;
  if (image) {
    const named = [{ entity: 'Image', id: image, path: 'settings.cover' }];
    const found = await findNamed(ctx, owner, named);
    const key = findDerivative(found.media.get(idText(image)), 'preview');
    if (key || asked) return { cover: key ? { key } : null, faults: asked ? found.faults : [] };
  }
  const [only] = media;
  const key = media.length === 1 ? findDerivative(only, 'cover') : null;
  return { cover: key ? { key } : null, faults: [] };
}

function findDerivative(medium: FoundMedium | undefined, name: string): string | null {
  const found = medium?.derivatives?.find((d) => d.name === name && d.status === 'READY');
  return found && medium?.derivativesPath ? `${medium.derivativesPath}/${name}` : null;
}
