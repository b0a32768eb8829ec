// The issuer of an account's own JSON Web Tokens. AWS's is `https://<uuid>.tokens.sts.global.api.aws`; ours lies under the installation's own URL,
// where its discovery document and keys can be fetched.

export function outboundIssuerUrl(publicUrl: string, issuerId: string): string {
  return `${publicUrl.replace(/\/$/, '')}/outbound/${issuerId}`;
}
