import { serve } from '../src/api/serve.ts';
import { privacyExportRoutes } from '../src/routes/privacy-exports.ts';

export const privacyExports = { routes: privacyExportRoutes };

export const handler = serve(privacyExports);
