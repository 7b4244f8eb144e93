import type { Route } from '../../api/http/route.ts';
import { notYet, notYetCreate } from '../../api/resource/not-yet.ts';
import { Export } from '../../models/exports/export.ts';
import { owner } from '../../rules.ts';

const common = { tag: 'Exports', access: 'user' } as const;
const NONE_RENDERS = 'Exports cannot be rendered yet.';

/** Starting an export, and getting its file. */
export const exportActions: Route[] = [
  notYetCreate(Export, { path: '/v1/exports', summary: 'Export a project.' }, NONE_RENDERS),
  notYet(
    {
      ...common,
      method: 'GET',
      path: '/v1/exports/{id}/file',
      id: 'getExportFile',
      summary: 'A link to the exported file.',
    },
    NONE_RENDERS,
    { entity: Export, rule: owner },
  ),
];
