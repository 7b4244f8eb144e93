/** Calls an action of SQS by its JSON protocol; the local queue needs no signature. */
export async function callSqs<Result>(
  endpoint: string,
  action: string,
  input: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<Result> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${action}`,
    },
    body: JSON.stringify(input),
    ...(signal ? { signal } : {}),
  });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${action} answered ${answer.status}: ${body}`);
  return (body ? JSON.parse(body) : {}) as Result; // the caller names the type that SQS documents
}
