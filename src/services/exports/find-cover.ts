import type { Ctx } from '../../context.ts';
import { idText, type UUID } from '../../data/ids.ts';
import { type FoundMedium, findNamed, type NamedMedia, type Owner } from './find-media.ts';
import type { ExportSettings } from './settings.ts';

/**
 * Finds the picture that a file shows as its cover: the image of the settings, that of the project, or
 * what is embedded in the only track. Always a derivative, which we made.
 */
export async function findCover(
  ctx: Ctx,
  owner: Owner,
  { cover: asked }: ExportSettings,
  of: { project: { coverImage?: UUID | null }; media: FoundMedium[]; named: NamedMedia },
): Promise<{ key: string } | null> {
  if (asked === null) return null;
  const { project, media, named } = of;
  if (asked) return findDerivative(named.get(idText(asked)), 'preview');
  const [only] = media;
  const own = media.length === 1 ? findDerivative(only, 'cover') : null;
  return (await findProjectCover(ctx, owner, project.coverImage)) ?? own;
}

async function findProjectCover(ctx: Ctx, owner: Owner, id: UUID | null | undefined) {
  if (!id) return null;
  const { media } = await findNamed(ctx, owner, [{ entity: 'Image', id, path: '' }]);
  return findDerivative(media.get(idText(id)), 'preview');
}

function findDerivative(medium: FoundMedium | undefined, name: string): { key: string } | null {
  const found = medium?.derivatives?.find((d) => d.name === name && d.status === 'READY');
  return found && medium?.derivativesPath ? { key: `${medium.derivativesPath}/${name}` } : null;
}
