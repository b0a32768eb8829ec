// Secrets Manager's quotas. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html

export const quotas = {
  /** The model counts characters. */
  valueBytesMax: 65_536,
  /** Staging labels on all versions of a secret together. */
  labelsMax: 20,
  /** Beyond this many versions the oldest without a label are removed, unless they are younger than a day. */
  versionsKept: 100,
  versionKeptMs: 24 * 60 * 60 * 1000,
  /** AWS publishes no number for versions of the last day; ten times what it keeps is far beyond the rate that it recommends. */
  versionsMax: 1_000,
  tagsMax: 50,
  replicaRegionsMax: 50,
} as const;
