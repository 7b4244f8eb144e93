import type { Context } from 'aws-lambda';
import type { DeployedFunction } from '../deployment/types.ts';

/**
 * Makes the second argument of a handler, for a call that must end at `deadline` (by `performance.now()`).
 */
export function makeContext(fn: DeployedFunction, requestId: string, deadline: number): Context {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: fn.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${fn.name}`,
    memoryLimitInMB: String(fn.memory),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${fn.name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, deadline - performance.now()),
    done: refuseCallback,
    fail: refuseCallback,
    succeed: refuseCallback,
  };
}

// On Lambda's Node 24 a handler can only return a promise. Better to fail here than after
// deploying.
function refuseCallback(): never {
  throw new Error('A handler must return a promise; Lambda has no callbacks on Node 24');
}
