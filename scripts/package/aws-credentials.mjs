// The SDK's chain of credential providers, of which a Lambda function only ever uses the first.
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
