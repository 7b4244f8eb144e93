import type { Ctx } from '../../../context.ts';
import { type DocOf, entityNamed } from '../../../data/entity.ts';
import { idText } from '../../../data/ids.ts';
import type { Fault } from '../../../errors.ts';
import { MEDIA_KINDS } from '../../../models/media/media-fields.ts';
import type { Project } from '../../../models/projects/project.ts';
import { type FoundMedium, findOfProject, type Owner, toSource } from '../find-media.ts';
import type { ArchivePlan, ManifestMedium } from '../plan.ts';
import type { ExportSettings } from '../settings.ts';
import { nameEntry } from './name-entry.ts';
import { pickRelations } from './pick-relations.ts';
import { MOST_MANIFEST_BYTES, printManifest } from './print-manifest.ts';

/** The most media of a kind in an archive. */
const MOST_MEDIA = 2000;
/** What clients write of a medium, but for what its file says. */
const OF_THE_FILE = ['project', 'fileName', 'contentType', 'size', 'checksum'];

/** Plans a ZIP: all originals of a project, or its stems. */
export async function planArchive(
  ctx: Ctx,
  owner: Owner,
  { contents }: ExportSettings,
  project: DocOf<typeof Project>,
): Promise<{ plan: ArchivePlan; faults: Fault[] }> {
  const faults: Fault[] = [];
  const found: { kind: ManifestMedium['kind']; entity: string; medium: FoundMedium }[] = [];
  const kinds = contents === 'STEMS' ? ({ AUDIO: 'Audio' } as const) : MEDIA_KINDS;
  for (const [kind, entity] of Object.entries(kinds)) {
    const media = await findOfProject(ctx, owner, entity, MOST_MEDIA + 1);
    if (media.length > MOST_MEDIA) {
      faults.push({ path: 'project', message: `has more than ${MOST_MEDIA} media of a kind` });
    }
    const wanted = media.filter((medium) => contents !== 'STEMS' || medium.kind === 'STEM');
    found.push(
      ...wanted.map((medium) => ({ kind: kind as ManifestMedium['kind'], entity, medium })),
    );
  }
  if (contents === 'STEMS' && found.length === 0) {
    faults.push({
      path: 'settings.contents',
      message: 'the project has no audio of kind STEM that is READY',
    });
  }
  const ids = new Set(found.map(({ medium }) => idText(medium._id)));
  const media = found.map(
    ({ kind, entity, medium }, n): ManifestMedium => ({
      ...{ kind, id: idText(medium._id), file: nameEntry(kind, n, medium) },
      ...{ fileName: medium.fileName, contentType: medium.contentType, size: medium.size },
      checksum: medium.checksum ?? '',
      fields: pickFields(entity, medium),
      ...pickRelations(entity, medium, ids),
    }),
  );
  const { name, description, settings, status, coverImage } = project;
  const plan: ArchivePlan = {
    ...{ format: 'ZIP', name },
    manifest: {
      ...{ format: 'mixdown-project', version: 1, media },
      project: {
        ...{ name, settings: settings as object, status },
        ...(description && { description }),
        ...(coverImage && { coverImage: idText(coverImage) }),
      },
    },
    sources: found.map(({ entity, medium }) => toSource(entity, medium)),
  };
  if (Buffer.byteLength(printManifest(plan.manifest)) > MOST_MANIFEST_BYTES) {
    const message = 'its manifest would be larger than 16 MB, by what is written about its media';
    faults.push({ path: 'project', message });
  }
  return { plan, faults };
}

/** What a client may write of a medium of this kind, as far as it is said. */
function pickFields(entity: string, medium: FoundMedium): Record<string, string | number> {
  const fields = Object.values(entityNamed(entity).shape.fields)
    .filter(
      ({ server, hidden, publicName }) => !server && !hidden && !OF_THE_FILE.includes(publicName),
    )
    .map(
      ({ publicName }) =>
        [publicName, (medium as unknown as Record<string, unknown>)[publicName]] as const,
    )
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  return Object.fromEntries(fields) as Record<string, string | number>;
}
