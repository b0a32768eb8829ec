// Every limit on input, queues, caches and pages, in one place, with its unit in its name.

export const limits = {
  /** Largest request body that is read for operations without a streaming payload. */
  bodyBytesMax: 8 * 1024 * 1024,
  /** Largest total of header names and values; beyond it node answers 431. */
  headerBytesMax: 32 * 1024,
  headersCountMax: 200,
  urlBytesMax: 16 * 1024,
  /** Nesting of JSON, CBOR, XML and query parameters. */
  depthMax: 100,
  /** Members of one list or map, and pairs of one query body. */
  collectionItemsMax: 100_000,
  queryPairsMax: 20_000,
  /** Values of one JSON or XML message, or name parts of one form, at every level together: bounds the memory that a body can cost. */
  wireValuesMax: 250_000,
  xmlAttributesMax: 100,
  /** How long a client may take to send a request. */
  requestTimeoutMs: 30_000,
  /** What is still read, and thrown away, of a request that was refused before its end. */
  discardedBytesMax: 64 * 1024 * 1024,
  discardMs: 5_000,
  /** Requests that wait for their turn before new ones are answered with 503. */
  inFlightMax: 2_000,
  /** How often a unit of work is run again after a conflict before the caller is told to retry. */
  transactionAttemptsMax: 50,
  /** How many answers from outside one request may wait for, one after the other. */
  awaitedAnswersMax: 50,
  /** Answers of other servers that are kept. */
  outboundCacheEntriesMax: 500,
  /** Largest document of another server that is read: discovery, key sets. */
  outboundBytesMax: 256 * 1024,
  outboundTimeoutMs: 5_000,
  /** For an external key store's proxy. AWS waits for 250 ms on a network that it knows. */
  externalKeyStoreTimeoutMs: 1_000,
  /** Connections to one other server that are kept open. */
  outboundSocketsMax: 64,
  outboundIdleMs: 20_000,
  outboundRedirectsMax: 3,
  /** Doors of the installation for single networks. */
  vpcEndpointsMax: 1_000,
  /** Names and addresses whose attempts to sign in are counted. */
  signInCountsMax: 20_000,
  documentCacheEntriesMax: 20_000,
  listCacheEntriesMax: 20_000,
  identityCacheEntriesMax: 10_000,
  /** Accounts whose guardrails a node keeps compiled. */
  guardrailCacheEntriesMax: 20_000,
  compiledPoliciesMax: 10_000,
  signingKeyCacheEntriesMax: 10_000,
  /** AWS: a signature's time may differ from the server's by this much. */
  clockSkewMsMax: 15 * 60 * 1000,
  /** AWS: the longest life of a presigned URL, seven days. */
  presignedSecondsMax: 604_800,
  listBatchMax: 1_000,
  /** How often a node looks whether the file of root keys has changed, and how long a rotation waits for the others. */
  rootKeyFollowMs: 1_000,
  rootKeyWaitMs: 3_000,
  /** Documents that one unit of work seals again. */
  resealBatchMax: 50,
  /** Usage records of one month that one request adds up, and lines that it makes of them: what a question may cost in memory. */
  usageRecordsMax: 200_000,
  usageLinesMax: 2_000_000,
  /** Records that a question about an organisation's compliance with tag policies looks at; and records and accounts in one unit of work. */
  complianceRecordsMax: 1_000_000,
  complianceRecordsAtOnce: 1_000,
  complianceAccountsAtOnce: 100,
  /** Groups or values in one page of Cost Explorer. */
  costResultsPageMax: 1_000,
  /** Nesting of Cost Explorer's expressions. */
  expressionDepthMax: 20,
  /** Operators and conditions of one such expression, and values of all its conditions: each is asked of every line of the bill. */
  expressionPartsMax: 500,
  expressionValuesMax: 10_000,
  /** Events that a reader of the ledger gets at once. */
  readerBatchMax: 500,
  /** Steps of one job before the others have their turn. */
  jobStepsMax: 10_000,
  /** Characters of a wrong value that an answer repeats. */
  shownValueMax: 256,
  /** AWS: what an archive may unpack to. */
  functionCodeBytesMax: 262_144_000,
  functionFilesMax: 20_000,
  /** Unpacked archives that a node keeps. */
  functionArchivesMax: 200,
  functionRunsMax: 20,
  functionLogBytesMax: 1024 * 1024,
  /** AWS: the largest result of a function. */
  functionPayloadBytesMax: 6_291_556,
  /** What is kept with an event of one condition value, and of how many keys; further ones are only named. */
  askedValueCharactersMax: 1_024,
  askedKeysMax: 100,
  /** Clients whose questions are kept ready for the ledger. */
  askedContextsMax: 10_000,
  /** Explained decisions of allowed calls that are kept in memory. */
  recentDecisionsMax: 2_000,
  /** Events that a what-if reads before it gives way to requests. */
  whatIfEventsAtOnce: 250,
  /** Of callers, places, resources and judged calls each: what a what-if keeps, beside those of the events that it has just read. */
  whatIfKnownMax: 10_000,
  /** Lines of a what-if's answer. */
  whatIfLinesMax: 10_000,
  /** Broken constraints that one validation error lists. */
  problemsMax: 20,
  /** Characters of a value that a validation error prints. */
  printedValueCharactersMax: 2_048,
  /** Longer values than this are not matched with a model's pattern, but refused. */
  patternInputCharactersMax: 131_072,
} as const;
