import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { ProjectImport } from '../src/models/projects/project-import.ts';
import { IMPORT_PATH, importActions } from '../src/routes/projects/imports.ts';
import { owner } from '../src/rules.ts';

export const projectImports = resource(ProjectImport, {
  path: IMPORT_PATH,
  can: { read: owner, remove: owner },
  include: ['user', 'project'],
  actions: importActions,
});

export const handler = serve(projectImports);
