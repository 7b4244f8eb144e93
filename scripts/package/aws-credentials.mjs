// Replaces the SDK's chain of credential providers: a Lambda function only ever uses the first one.
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
