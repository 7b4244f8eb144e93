import { bodyOf } from '../api/input.ts';
import { notYet } from '../api/not-yet.ts';
import type { Route } from '../api/route.ts';
import { owner } from '../api/rules.ts';
import { ownedFields } from '../api/verbs.ts';
import { Export } from '../models/studio/export.ts';

const common = { tag: 'Exports', access: 'user' } as const;
const NONE_RENDERS = 'Exports cannot be rendered yet.';

/** Starting an export, and getting its file. */
export const exportActions: Route[] = [
  notYet(
    {
      ...common,
      method: 'POST',
      path: '/v1/exports',
      id: 'createExport',
      summary: 'Export a project.',
      body: bodyOf(Export.shape, 'create'),
      owned: ownedFields(Export, 'create'),
    },
    NONE_RENDERS,
  ),
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
