import type { Context } from 'aws-lambda';
import type { DeployedFunction } from '../deployment/types.ts';

/** The second argument of a handler, for a call that ends at `deadline` (ms since 1970). */
export function lambdaContext(fn: DeployedFunction, requestId: string, deadline: number): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: fn.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${fn.name}`,
    memoryLimitInMB: String(fn.memory),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${fn.name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: callbacksAreGone,
    fail: callbacksAreGone,
    succeed: callbacksAreGone,
  };
}

// Node 24 on Lambda knows promises only; better to fail here than after deploying.
function callbacksAreGone(): never {
  throw new Error('A handler answers by its promise; callbacks do not exist on Node 24');
}
