// The price list of installations that supply none. Its prices are made up to show how bills work, and are nobody's.
import exampleFile from './example-price-list.json' with { type: 'json' };

export const examplePriceList: unknown = exampleFile;
