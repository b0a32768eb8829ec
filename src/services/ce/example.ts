// The price list of installations that supply none. Its prices are made up to show how bills work, and are nobody's.
import exampleFile from './example-price-list.json' with { type: 'json' };
import { type PriceList, parsePriceList } from './price-list.ts';

/** The operator's list, or the example. @throws Error that names the place of a mistake */
export function readPriceList(given: unknown): PriceList {
  if (given === undefined) return parsePriceList(exampleFile);
  try {
    return parsePriceList(given);
  } catch (cause) {
    throw new Error(`the price list cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
