// Opens the encoded message of a refusal. https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
import { fault, operation } from './service.ts';

export const DecodeAuthorizationMessage = operation('DecodeAuthorizationMessage', {
  access: () => ({ action: 'sts:DecodeAuthorizationMessage', resource: '*' }),
  readOnly: true,
  handle(input, { sealer }) {
    const message = sealer.open('authorization-message', input.EncodedMessage);
    if (message === undefined) throw fault('InvalidAuthorizationMessageException', 'Message is not valid');
    return { DecodedMessage: message };
  },
});
