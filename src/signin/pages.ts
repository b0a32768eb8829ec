// The few pages that sign-in needs, until there is a console: plain HTML that says what is so, without scripts and without anything from outside.
import type { WireResponse } from '../protocol/protocol.ts';

const headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const style =
  'body{font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}label{display:block;margin:.5rem 0}dt{font-weight:600}';

/** Text of a page, escaped where it was put in. */
export interface Html {
  readonly html: string;
}

/** Everything that is put in is escaped, except other Html. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const text = strings.reduce((whole, part, index) => whole + part + (index < values.length ? shown(values[index] ?? '') : ''), '');
  return { html: text };
}

function shown(value: string | Html | readonly Html[]): string {
  if (typeof value === 'string') return escaped(value);
  return 'html' in value ? value.html : value.map((each) => each.html).join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

export function page(status: number, title: string, body: Html, more: Readonly<Record<string, string>> = {}): WireResponse {
  const text = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${{ html: style }}</style></head><body><h1>${title}</h1>${body}</body></html>`;
  return { status, headers: { ...headers, ...more }, body: text.html };
}

export function json(status: number, value: object, more: Readonly<Record<string, string>> = {}): WireResponse {
  return { status, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...more }, body: JSON.stringify(value) };
}
