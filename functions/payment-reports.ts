import { serve } from '../src/api/http/serve.ts';
import { resource } from '../src/api/resource/resource.ts';
import { PaymentReport } from '../src/models/billing/payment-report.ts';
import { admin } from '../src/rules.ts';

export const paymentReports = resource(PaymentReport, {
  path: '/v1/admin/payment-reports',
  can: { read: admin },
});

export const handler = serve(paymentReports);
