import { notYet, notYetCreate } from '../api/not-yet.ts';
import type { Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { Export } from '../models/studio/export.ts';

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
